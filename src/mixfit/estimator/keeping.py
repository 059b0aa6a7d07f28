"""An estimator as the two files of `mixfit.portable` have it: the other way of `loading`.

Left out is what belongs to a process or a machine and means nothing elsewhere: a random generator, the device that
computed, and an optimizer's memory between two parts of a stream.
"""

from __future__ import annotations

from pathlib import Path

import torch

from mixfit import portable
from mixfit.errors import InputError
from mixfit.estimator.fitted import FittedMixture
from mixfit.estimator.plain import plain
from mixfit.tracking import metrics_file


def keep(estimator: FittedMixture, folder: Path) -> None:
    """Writes the two files; raises `InputError` for the folder of a run, whose own model they would pass for."""
    if metrics_file.status(folder) is not None:
        raise InputError(f"{folder}: holds a run, and this model would pass for its own; name another folder")
    portable.write(folder, model_of(estimator))


def model_of(estimator: FittedMixture) -> portable.Model:
    """What is kept of a fitted estimator."""
    names, bounds = vars(estimator).get("feature_names_in_"), estimator.lower_bounds_
    return portable.Model(
        density=estimator.density_,
        rarity=estimator.rarity_,
        history=torch.tensor([*enumerate((-bound for bound in bounds), 1)], dtype=torch.float64).reshape(-1, 2),
        columns=None if names is None else tuple(map(str, names)),
        settings=plain(estimator.get_params(deep=False)) | {"device": None},
        fitted={
            "converged": estimator.converged_,
            "passes": estimator.n_iter_,
            "n_points": estimator._n_seen,
            "nll/train": -bounds[-1] if bounds else None,
            "expects_names": estimator._expects_names,
        },
    )
