"""A nasty data set given to `python train.py` as a file, as its owner would type it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mixfit.errors import FitWarning
from tests.robustness.nasty.case import Case
from tests.robustness.nasty.files import written
from tests.robustness.nasty.outcome import Failed, Fitted, Outcome
from tests.running import Ended, train

ALL_POINTS = ("data.val_fraction=0", "data.test_fraction=0")


def run_outcome(case: Case, family: str, folder: Path) -> Outcome:
    """What a run in `folder` leaves behind: its `metrics.json`, or its error."""
    points = ("data=file", f"data.path={written(case.make(), folder)}", *ALL_POINTS)
    model = (f"model.n_components={case.n_components}", f"covariance={family}", "optimizer=em", "trainer=cpu", "seed=0")
    try:
        ended = train(folder / "run", *points, *model)
    except Exception as error:  # what would be a traceback, were it another process
        return Failed(f"{type(error).__name__}: {error}", is_for_the_user=False)
    return _fitted(ended) if ended.status == 0 else _failed(ended)


def _fitted(ended: Ended) -> Fitted:
    """`metrics.json`, whose numbers are finite, or reading it would fail."""
    metrics = ended.metrics
    absent = [name for name in ("nll/train", "bic", "aic", "icl", "floor") if metrics[name] is None]
    return Fitted(
        nll=np.nan if "nll/train" in absent else metrics["nll/train"],
        bic=np.nan if "bic" in absent else metrics["bic"],
        problems=tuple(f"{name} not finite" for name in absent),
        on_floor=metrics["components_on_floor"] > 0,
        warned=(FitWarning(metrics["warning"]),) if metrics["warning"] else (),
    )


def _failed(ended: Ended) -> Failed:
    """One clean sentence, and a folder that says the same; anything else is not for the user."""
    before, _, message = ended.stderr.rpartition("error: ")
    is_clean = ended.status == 1 and bool(message.strip()) and "Traceback" not in ended.stderr
    is_clean &= "error: " not in before
    is_clean &= not ended.folder.exists() or ended.metrics["status"] == "failed"
    return Failed(message.strip() if is_clean else ended.stderr, is_clean)
