"""Does a model come back from its two files as it was, to the last bit?"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from math import inf, nan
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch

from mixfit.data.gaussians import Gaussians
from mixfit.errors import InputError
from mixfit.mixtures.covariances import Covariance, Full
from mixfit.portable import files, read, write
from mixfit.tracking import metrics_file
from tests.portable.conftest import FITTED, SETTINGS, density_of, model_of, points_of
from tests.running import run_experiment


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_a_model_scores_to_the_last_bit_when_it_comes_back(
    family: type[Covariance], dtype: torch.dtype, dim: int, tmp_path: Path
) -> None:
    for seed in range(10):
        density = density_of(family, dtype, dim, seed)
        write(tmp_path, model_of(density))
        points, again = points_of(density), read(tmp_path).density
        assert torch.equal(again.log_density(points), density.log_density(points))
        assert torch.equal(again.responsibilities(points), density.responsibilities(points))


def test_a_model_scores_to_the_last_bit_in_a_new_process(folder: Path) -> None:
    code = (
        "import torch; from pathlib import Path; from mixfit.portable import read; "
        f"density = read(Path({str(folder)!r})).density; torch.set_num_threads(1); "
        "print(density.log_density(torch.linspace(-5, 5, 200, dtype=torch.float64).reshape(-1, 2)).tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    points = torch.linspace(-5, 5, 200, dtype=torch.float64).reshape(-1, 2)
    assert json.loads(done.stdout) == read(folder).density.log_density(points).tolist()


def test_making_a_model_moves_its_density_by_rounding_at_most(family: type[Covariance]) -> None:
    density = density_of(family)
    points = points_of(density)
    before = density.log_density(points)
    model_of(density)
    assert density.log_density(points).tolist() == pytest.approx(before.tolist(), abs=1e-13)


def test_the_rest_of_a_model_comes_back_too(folder: Path) -> None:
    before, again = model_of(density_of(Full)), read(folder)
    assert torch.equal(again.rarity.levels, before.rarity.levels)
    assert torch.equal(again.rarity.log_densities, before.rarity.log_densities)
    assert torch.equal(again.history, before.history)
    assert again.columns == before.columns
    assert (again.settings, again.fitted) == (SETTINGS, FITTED)
    assert again.density.mixture.floor == before.density.mixture.floor


def test_columns_may_be_unknown_and_a_curve_empty(tmp_path: Path) -> None:
    write(tmp_path, replace(model_of(density_of(Full)), columns=None, history=torch.empty(0, 2)))
    again = read(tmp_path)
    assert again.columns is None
    assert again.history.shape == (0, 2)


def test_a_curve_may_have_got_lost_on_its_way(tmp_path: Path) -> None:
    write(tmp_path, replace(model_of(density_of(Full)), history=torch.tensor([[1.0, inf], [2.0, nan], [3.0, 1.0]])))
    assert read(tmp_path).history[:, 0].tolist() == [1, 2, 3]


def test_json_holds_no_number_that_is_not_finite(tmp_path: Path) -> None:
    write(tmp_path, replace(model_of(density_of(Full)), fitted={"a": nan, "b": [inf, {"c": -inf}], "d": 1.5}))
    assert json.loads((tmp_path / "model.json").read_text())["fitted"] == {
        "a": None,
        "b": [None, {"c": None}],
        "d": 1.5,
    }


def test_the_checksum_is_that_of_the_tensors_file(folder: Path) -> None:
    header = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    assert header["sha256"] == sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def test_the_same_model_makes_the_same_files(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "again", read(folder))
    for name in ("model.json", "model.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_a_model_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    model = model_of(density_of(Full))
    with pytest.raises(InputError, match="columns"):
        write(tmp_path / "columns", replace(model, columns=("one",)))
    with pytest.raises(InputError, match="columns"):
        write(tmp_path / "columns", replace(model, columns=("a", "b\udc80")))
    model.density.mixture.mean_origin[0, 0] = nan
    with pytest.raises(InputError, match="means that are not finite"):
        write(tmp_path / "nan", model)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made a folder"):
        write(tmp_path / "file" / "model", model_of(density_of(Full)))


def test_the_model_of_a_finished_run_is_not_written_over(folder: Path) -> None:
    metrics_file.write(folder, {"status": "done"})
    before = (folder / "model.safetensors").read_bytes()
    with pytest.raises(InputError, match="holds a finished run"):
        write(folder, model_of(density_of(Full, seed=5)))
    assert (folder / "model.safetensors").read_bytes() == before


def test_a_writer_that_is_killed_leaves_no_model_that_is_half_of_each(folder: Path) -> None:
    other = model_of(density_of(Full, seed=5))

    def killed_at_json(path: Path, content: bytes) -> None:
        if path.name == "model.json":
            raise KeyboardInterrupt
        path.write_bytes(content)

    with patch.object(files, "write_in_one_move", killed_at_json), pytest.raises(KeyboardInterrupt):
        write(folder, other)
    with pytest.raises(InputError, match="checksum"):
        read(folder)


def test_reading_a_model_needs_neither_lightning_nor_hydra(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from mixfit.portable import read; "
        f"read(Path({str(folder)!r})); "
        "print({name.partition('.')[0] for name in sys.modules} "
        "& {'hydra', 'omegaconf', 'pytorch_lightning', 'lightning_fabric', 'matplotlib', 'sklearn', 'torch._dynamo'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


SIZES: dict[str, Any] = {"n_samples": 300, "n_val": 50, "n_test": 50}
RUN = ["data=gaussians", *(f"data.{key}={size}" for key, size in SIZES.items()), "model.n_components=3"]


@pytest.mark.parametrize("optimizer", ["em", "adam", "kmeans"])
@pytest.mark.parametrize("precision", ["64-true", "32-true"])
def test_every_run_leaves_its_model(optimizer: str, precision: str, tmp_path: Path) -> None:
    typed = [f"optimizer={optimizer}", f"trainer.precision={precision}", "trainer.max_epochs=20"]
    metrics = run_experiment(tmp_path / "run", *RUN, *typed)
    model = read(tmp_path / "run")
    data = Gaussians(**SIZES).load(0).train.points
    assert model.density.nll(data) == metrics["nll/train"]
    assert model.fitted["nll/train"] == metrics["nll/train"]
    assert model.fitted["passes"] == model.history[-1, 0] == metrics["passes"]
    assert model.rarity.log_densities.tolist() == model.density.log_density(data).double().sort().values.tolist()
    assert model.columns == ("x0", "x1")


def test_the_same_run_twice_leaves_the_same_model(tmp_path: Path) -> None:
    for name in ("one", "two"):
        run_experiment(tmp_path / name, *RUN, "optimizer=em")
    for name in ("model.json", "model.safetensors"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
