"""A fit leaves the process as it found it: random numbers, threads, default types, warnings, logs, signals."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.base import clone

from mixfit import GaussianMixture
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.statistics import Statistics
from mixfit.optimizers import ClosedFormFitter
from mixfit.together import Together

Array = NDArray[np.float64]
LOGGERS = (None, "pytorch_lightning", "lightning", "lightning_fabric", "mixfit")


def state() -> dict[str, Any]:
    """What belongs to the process and not to a fit."""
    random: Any = np.random.get_state(legacy=False)  # noqa: NPY002
    loggers = [logging.getLogger(name) for name in LOGGERS]
    return {
        "NumPy's random numbers": (random["state"]["key"].tolist(), random["state"]["pos"], random["has_gauss"]),
        "torch's random numbers": torch.get_rng_state().tolist(),
        "default type": torch.get_default_dtype(),
        "threads": torch.get_num_threads(),
        "gradients": (torch.is_grad_enabled(), torch.is_anomaly_enabled()),
        "warning filters": list(warnings.filters),
        "logs": [(logger.level, logger.disabled, logger.propagate, list(logger.handlers)) for logger in loggers],
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "environment": dict(os.environ),
        "hooks": (sys.excepthook, sys.stdout, sys.stderr, threading.excepthook),
        "arithmetic": np.geterr(),
    }


@pytest.fixture
def own_state() -> None:
    """Settings that nobody else has; what Lightning does when it is imported was done before."""
    import pytorch_lightning  # noqa: F401

    torch.set_num_threads(2)
    torch.set_default_dtype(torch.float32)
    logging.getLogger("pytorch_lightning").setLevel(logging.INFO)


@pytest.mark.usefixtures("own_state")
def test_a_fit_leaves_the_process_as_it_was(optimizer: str, points: Array) -> None:
    before = state()
    mixture = GaussianMixture(2, optimizer=optimizer, max_iter=20, batch_size=50, random_state=0).fit(points)
    mixture.predict(points)
    mixture.sample(10)
    mixture.entropy()
    if optimizer != "lbfgs":
        mixture.partial_fit(points)
    assert state() == before


@pytest.mark.usefixtures("own_state")
def test_a_fit_that_fails_leaves_the_process_as_it_was(points: Array) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("on the way")

    before, mixture = state(), GaussianMixture(2, random_state=0)
    with patch.object(ClosedFormFitter, "end_pass", failing), pytest.raises(RuntimeError, match="on the way"):
        mixture.fit(points)
    assert state() == before


@pytest.mark.usefixtures("own_state")
def test_fits_in_several_threads_leave_the_process_as_it_was_and_do_not_disturb_each_other(points: Array) -> None:
    mixtures = [GaussianMixture(2, optimizer=name, max_iter=30, random_state=0) for name in ("adam", "em", "kmeans")]
    expected = [mixture.fit(points).score_samples(points) for mixture in mixtures]
    before, types = state(), set()

    def fitted(number: int) -> bool:
        mixture = mixtures[number % 3]
        found = GaussianMixture(**mixture.get_params()).fit(points).score_samples(points)
        types.add(torch.get_default_dtype())
        return bool((found == expected[number % 3]).all())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(fitted, range(18)))
        assert set(pool.map(lambda _: torch.get_num_threads(), range(18))) == {2}
    assert types == {torch.float32}
    assert state() == before


def test_torchs_default_type_means_nothing_to_a_fit(optimizer: str, points: Array) -> None:
    mixture = GaussianMixture(2, optimizer=optimizer, max_iter=20, random_state=0)
    found = []
    for dtype in (torch.float32, torch.float64):
        torch.set_default_dtype(dtype)
        found.append(mixture.fit(points).score_samples(points))
    assert (found[0] == found[1]).all()


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_fit_where_gradients_are_switched_off_is_a_fit(mode: Any, optimizer: str, points: Array) -> None:
    mixture = GaussianMixture(2, optimizer=optimizer, max_iter=5, warm_start=True, random_state=0)
    expected = clone(mixture).fit(points).fit(points).score_samples(points)
    with mode():
        mixture.fit(torch.from_numpy(points).clone())
    assert (mixture.fit(points).score_samples(points) == expected).all()
    with mode():
        assert (mixture.score_samples(points) == expected).all()
        if optimizer != "lbfgs":
            mixture.partial_fit(points)


def test_a_fit_says_nothing(points: Array, capfd: pytest.CaptureFixture[str]) -> None:
    GaussianMixture(2, optimizer="adam", max_iter=3, random_state=0).fit(points)
    GaussianMixture(2, max_iter=3, random_state=0).fit(points).partial_fit(points)
    assert capfd.readouterr() == ("", "")


CLUSTERS = {
    "SLURM": {
        "SLURM_NTASKS": "4",
        "SLURM_JOB_NAME": "x",
        "SLURM_JOB_ID": "7",
        "SLURM_PROCID": "1",
        "SLURM_LOCALID": "1",
    },
    "torchrun": {"TORCHELASTIC_RUN_ID": "a", "RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "GROUP_RANK": "0"},
    "another Lightning": {"LOCAL_RANK": "1", "NODE_RANK": "0", "WORLD_SIZE": "2"},
}


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_fit_is_alone_whatever_started_the_process(
    cluster: str, points: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixture = GaussianMixture(2, random_state=0)
    expected = mixture.fit(points).score_samples(points)
    for name, value in CLUSTERS[cluster].items():
        monkeypatch.setenv(name, value)
    before = state()
    assert (mixture.fit(points).score_samples(points) == expected).all()
    assert state() == before


def interrupted_soon(fit: Callable[[], object]) -> None:
    """Sends this process a Ctrl-C from the middle of a fit."""
    passes, statistics = count(), Mixture.statistics

    def counted(*arguments: Any, **options: Any) -> Statistics:
        if next(passes) == 40:
            signal.raise_signal(signal.SIGINT)
        return statistics(*arguments, **options)

    with patch.object(Mixture, "statistics_of", counted):
        fit()


def test_ctrl_c_is_a_keyboard_interrupt_and_the_next_one_too(points: Array) -> None:
    mixture = GaussianMixture(2, tol=0, random_state=0)
    handler = signal.getsignal(signal.SIGINT)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            interrupted_soon(lambda: mixture.fit(points))
        assert signal.getsignal(signal.SIGINT) is handler
        assert not hasattr(mixture, "weights_")
    assert mixture.set_params(max_iter=3).fit(points).n_iter_ == 3


def test_a_change_that_threads_share_is_undone_by_the_last() -> None:
    changes: list[str] = []

    class Change:
        def __enter__(self) -> None:
            changes.append("made")

        def __exit__(self, *_: object) -> None:
            changes.append("undone")

    together = Together(Change)
    first, second = together(), together()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert changes == ["made"]
    second.__exit__(None, None, None)
    assert changes == ["made", "undone"]
    with together():
        pass
    assert changes == ["made", "undone"] * 2
