"""Does the best checkpoint hold what was best, and the last one what came last? And is a stranger's never run?"""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch

from mixfit.checkpoint import PARTS, check_checkpoints
from mixfit.data.gaussians import Gaussians
from mixfit.errors import InputError
from mixfit.mixtures.covariances import Full
from mixfit.tracking import metrics_file
from tests.running import BEST, LAST, density_in, metrics_in, run_experiment, train

SIZES: dict[str, Any] = {"n_samples": 200, "n_val": 1000, "n_test": 1000}
OVERFITTED = [
    *("data=gaussians", "data.separation=0.5", "data.batch_size=100", "model.n_components=8", "optimizer=em"),
    *(f"data.{key}={size}" for key, size in SIZES.items()),
    *("moves=none", "init.n_passes=0", "trainer.max_epochs=20"),
]
"""So many components, from a bare draw, that the validation likelihood is best long before the end."""


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


# A folder that came from a stranger


class Trap:
    """A pickle that makes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


def bare(trap: Trap, whole: Path) -> bytes:
    return pickle.dumps(trap)


def packed(trap: Trap, whole: Path) -> bytes:
    """As torch packs checkpoints."""
    buffer = BytesIO()
    torch.save(trap, buffer)
    return buffer.getvalue()


def hidden(trap: Trap, whole: Path) -> bytes:
    """In a checkpoint that has everything else as it should be."""
    buffer = BytesIO()
    torch.save(loaded(whole) | {"loops": trap}, buffer)
    return buffer.getvalue()


Attack = Callable[[Trap, Path], bytes]


def is_armed(content: bytes, trap: Trap) -> bool:
    """Whether it would have sprung, loaded as a pickle; disarms it."""
    try:
        torch.load(BytesIO(content), weights_only=False)
    except Exception:
        pickle.loads(content)
    sprung = trap.path.exists()
    trap.path.unlink(missing_ok=True)
    return sprung


@pytest.fixture
def unfinished(run: Path, tmp_path: Path) -> Path:
    """A run that can be resumed, and that a test may spoil."""
    return Path(shutil.copytree(run, tmp_path / "unfinished"))


@pytest.mark.parametrize("attack", [bare, packed, hidden])
@pytest.mark.parametrize("name", [BEST, LAST])
def test_a_malicious_checkpoint_is_refused_and_runs_nothing(
    name: Path, attack: Attack, unfinished: Path, tmp_path: Path
) -> None:
    trap = Trap(tmp_path / "sprung")
    content = attack(trap, unfinished / name)
    assert is_armed(content, trap)
    (unfinished / name).write_bytes(content)
    before = metrics_in(unfinished)
    ended = train(tmp_path / "elsewhere", f"resume={unfinished}", "trainer.max_epochs=40")
    assert ended.status == 1
    assert f"error: {unfinished / name}: is no checkpoint that can be trusted" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert metrics_in(unfinished) == before
    assert not trap.path.exists()


@pytest.mark.parametrize("attack", [bare, packed, hidden])
def test_a_malicious_checkpoint_in_a_sweep_runs_nothing(attack: Attack, tmp_path: Path) -> None:
    trap, typed = Trap(tmp_path / "sprung"), ["-m", *OVERFITTED, "seed=0,1"]
    assert train(tmp_path / "sweep", *typed).status == 0
    job = next(path for path in (tmp_path / "sweep").iterdir() if "seed-0" in path.name)
    metrics_file.write(job, metrics_in(job) | {"status": "interrupted"})
    (job / LAST).write_bytes(attack(trap, job / LAST))
    ended = train(tmp_path / "sweep", *typed)
    assert not trap.path.exists()
    assert "Traceback" not in ended.stderr
    if attack is bare:  # no more of a checkpoint than one that a kill cut off: the job begins anew
        assert (ended.status, metrics_in(job)["status"]) == (0, "done")
    else:
        assert (ended.status, metrics_in(job)["status"]) == (1, "failed")
        assert "is no checkpoint that can be trusted" in metrics_in(job)["error"]
    assert train(tmp_path / "sweep", *typed).status == 0  # what failed begins anew


@pytest.mark.parametrize("name", [BEST, LAST])
@pytest.mark.parametrize("size", [0, 1, 100, 5000, -1])
def test_a_damaged_checkpoint_is_refused_in_a_sentence(size: int, name: Path, unfinished: Path, tmp_path: Path) -> None:
    (unfinished / name).write_bytes((unfinished / name).read_bytes()[:size])
    ended = train(tmp_path / "elsewhere", f"resume={unfinished}", "trainer.max_epochs=40")
    assert ended.status == 1
    assert f"error: {unfinished / name}: is no checkpoint" in ended.stderr
    assert metrics_in(unfinished)["status"] == "done"


@pytest.mark.parametrize(
    ("content", "clue"),
    [
        ({}, "has no state_dict"),
        ([1, 2], "has no state_dict"),
        (torch.ones(3), "has no state_dict"),
        ({"state_dict": 1}, "has no state_dict"),
        ({part: kind() for part, kind in PARTS.items()}, "has 0 of the 8 components"),
    ],
)
def test_numbers_that_are_no_checkpoint_of_the_run_are_refused(
    content: object, clue: str, unfinished: Path, tmp_path: Path
) -> None:
    torch.save(content, unfinished / LAST)
    ended = train(tmp_path / "elsewhere", f"resume={unfinished}", "trainer.max_epochs=40")
    assert ended.status == 1
    assert clue in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("count", [None, -1, 1.5, "word", [], torch.ones(2)], ids=repr)
def test_a_checkpoint_that_has_miscounted_its_steps_is_refused(count: object, unfinished: Path) -> None:
    """Lightning would find out in the middle of a fit."""
    content = loaded(unfinished / LAST)
    content["loops"]["fit_loop"]["epoch_loop.batch_progress"]["total"]["completed"] = count
    torch.save(content, unfinished / LAST)
    with pytest.raises(InputError, match=r"last\.ckpt: has .* where a run counts its steps"):
        check_checkpoints(unfinished, n_components=8)


@pytest.mark.parametrize(
    ("changed", "clue"),
    [
        ("model.n_components=2", f"{LAST}: has 2 of the 8 components"),
        ("data.dim=3", f"{BEST}: is of another fit than last.ckpt"),
        ("covariance=diag", f"{BEST}: is of another fit than last.ckpt"),
    ],
)
def test_the_checkpoint_of_another_fit_is_refused(changed: str, clue: str, unfinished: Path, tmp_path: Path) -> None:
    run_experiment(tmp_path / "other", *OVERFITTED, changed)
    shutil.copy(tmp_path / "other" / LAST, unfinished / LAST)
    ended = train(tmp_path / "elsewhere", f"resume={unfinished}", "trainer.max_epochs=40")
    assert ended.status == 1
    assert f"error: {unfinished / clue}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_run_whose_numbers_cannot_be_read_is_not_gone_on_with(unfinished: Path, tmp_path: Path) -> None:
    (unfinished / "metrics.json").write_text("{")
    ended = train(tmp_path / "elsewhere", f"resume={unfinished}", "trainer.max_epochs=40")
    assert ended.status == 1
    assert "metrics.json" in ended.stderr
    assert "Traceback" not in ended.stderr
