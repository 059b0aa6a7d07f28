"""Can the documented readers, which know nothing of mixfit, score a model?"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mixfit.mixtures.covariances import Covariance, Full
from mixfit.mixtures.density import Density
from mixfit.portable import read, write
from tests.portable.conftest import density_of, model_of, points_of
from tests.running import REPOSITORY

PAGE = REPOSITORY / "docs" / "portable.md"
SHORT, LONG = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
ALONE = "import sys\nsys.modules['mixfit'] = sys.modules['torch'] = None  # importing them fails\n"


def answer(code: str, question: str, folder: Path, points: torch.Tensor) -> object:
    """What a reader says in a process that has neither mixfit nor torch."""
    given = f"import json\nfolder, points = {str(folder)!r}, np.array({points.tolist()!r})\n"
    command = [sys.executable, "-c", f"{ALONE}{code}\n{given}print(json.dumps({question}))"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def written(density: Density, folder: Path) -> torch.Tensor:
    write(folder, model_of(density))
    return points_of(density)[:50]


def test_the_short_reader_has_ten_lines() -> None:
    assert len([line for line in SHORT.splitlines() if line.strip()]) == 10


def test_the_short_reader_scores_a_model_with_full_covariances(tmp_path: Path) -> None:
    density = density_of(Full)
    points = written(density, tmp_path)
    found = answer(SHORT, "log_density(folder, points).tolist()", tmp_path, points)
    assert found == pytest.approx(density.log_density(points).tolist(), rel=1e-12)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_the_long_reader_scores_every_family(family: type[Covariance], dim: int, tmp_path: Path) -> None:
    density = density_of(family, dim=dim)
    points = written(density, tmp_path)
    found = answer(LONG, "log_density(folder, points).tolist()", tmp_path, points)
    assert found == pytest.approx(density.log_density(points).tolist(), rel=1e-12)


def test_the_long_reader_scores_a_model_in_single_precision(family: type[Covariance], tmp_path: Path) -> None:
    density = density_of(family, torch.float32)
    points = written(density, tmp_path)
    found = answer(LONG, "log_density(folder, points).tolist()", tmp_path, points)
    assert found == pytest.approx(density.log_density(points).tolist(), rel=1e-4)


def test_the_long_reader_has_the_parameters_in_the_units_of_the_data(family: type[Covariance], tmp_path: Path) -> None:
    density = density_of(family)
    points = written(density, tmp_path)
    found = answer(LONG, "[part.tolist() for part in parameters(folder)]", tmp_path, points)
    assert isinstance(found, list)
    for theirs, ours in zip(found, (density.weights, density.means, density.covariances), strict=True):
        assert torch.tensor(theirs).flatten().tolist() == pytest.approx(ours.flatten().tolist(), rel=1e-12)


def test_the_documented_threshold_is_that_of_the_model(tmp_path: Path) -> None:
    points = written(density_of(Full), tmp_path)
    question = re.search(r"`(np\.interp\(.*\))`", PAGE.read_text(encoding="utf-8"))
    assert question is not None
    found = answer(f"{LONG}\n", question[1].replace("model", "read(folder)[1]"), tmp_path, points)
    assert found == pytest.approx(read(tmp_path).rarity.threshold(0.01), rel=1e-13)


def test_every_family_and_tensor_is_on_the_page(family: type[Covariance], tmp_path: Path) -> None:
    write(tmp_path, model_of(density_of(family)))
    header = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    for name in (*header, *header["tensors"], header["covariance"]):
        assert f"`{name}`" in page
