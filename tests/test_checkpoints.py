"""Does the best checkpoint hold what was best, and the last one what came last?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from mixfit.data.gaussians import Gaussians
from mixfit.mixtures.covariances import Full
from tests.running import BEST, LAST, density_in, run_experiment

SIZES: dict[str, Any] = {"n_samples": 200, "n_val": 1000, "n_test": 1000}
OVERFITTED = [
    *("data=gaussians", "data.separation=0.5", "data.batch_size=100", "model.n_components=8", "optimizer=em"),
    *(f"data.{key}={size}" for key, size in SIZES.items()),
    "trainer.max_epochs=20",
]
"""So many components that the validation likelihood is best long before the end."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("overfitted") / "run"
    run_experiment(folder, *OVERFITTED)
    return folder


def loaded(path: Path) -> dict[str, Any]:
    checkpoint: dict[str, Any] = torch.load(path, weights_only=True)
    return checkpoint


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """Every tensor in nested mappings and sequences."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from tensors(part)


@pytest.mark.parametrize("name", [BEST, LAST])
def test_checkpoints_load_without_running_code(run: Path, name: Path) -> None:
    parameters = list(tensors(loaded(run / name)["state_dict"]))
    assert parameters
    assert all(tensor.dtype == torch.float64 for tensor in parameters)


def test_the_last_checkpoint_is_where_the_fit_ended(run: Path) -> None:
    assert loaded(run / LAST)["global_step"] == 20


def test_the_best_checkpoint_is_better_on_the_validation_points_than_the_last(run: Path) -> None:
    val = Gaussians(separation=0.5, **SIZES).load(0).val.points
    best, last = (density_in(run / name, Full(8, 2)).nll(val) for name in (BEST, LAST))
    assert loaded(run / BEST)["global_step"] < 20
    assert best < last


def test_mini_batches_of_em_take_the_steps_of_the_full_batch(run: Path, tmp_path: Path) -> None:
    run_experiment(tmp_path / "full", *OVERFITTED, "data.batch_size=null")
    full, batches = (density_in(folder / LAST, Full(8, 2)) for folder in (tmp_path / "full", run))
    for ours, theirs in zip((full.means, full.covariances), (batches.means, batches.covariances), strict=True):
        assert ours.flatten().tolist() == pytest.approx(theirs.flatten().tolist(), abs=1e-8)


def test_a_checkpoint_holds_no_points(run: Path) -> None:
    assert max(tensor.numel() for tensor in tensors(loaded(run / LAST))) < SIZES["n_samples"]
