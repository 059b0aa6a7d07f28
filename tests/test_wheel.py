"""Is everything inside what `pip install` installs? Built here from a copy of the sources, without a network."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.running import CONFIGS, REPOSITORY

SOURCES = REPOSITORY / "src"
NEEDED = {".py", ".yaml", ".csv", ".typed"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel and a source distribution."""
    folder = tmp_path_factory.mktemp("built")
    copy = folder / "copy"
    for name in ("src", "configs"):
        skipped = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(REPOSITORY / name, copy / name, symlinks=True, ignore=skipped)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, copy)
    build = "from setuptools import build_meta as b; b.build_wheel('..'); b.build_sdist('..')"
    done = subprocess.run([sys.executable, "-c", build], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Deprecat" not in done.stderr
    return folder


def expected() -> set[str]:
    """Every file of the packages, as `mixfit/data/file.py`."""
    ours = {str(path.relative_to(SOURCES)) for path in SOURCES.rglob("*") if path.suffix in NEEDED}
    return ours | {f"mixfit/{path.relative_to(REPOSITORY)}" for path in CONFIGS.rglob("*.yaml")}


def test_every_module_configuration_and_table_is_in_the_wheel(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert expected() - inside == set()
    assert {name for name in inside - expected() if "dist-info" not in name} == set()
    assert "mixfit/configs/train.yaml" in inside
    assert "mixfit/data/old_faithful.csv" in inside


def test_the_source_distribution_has_them_too(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        inside = {name.partition("/src/")[2] for name in opened.getnames()}
    assert expected() - inside == set()


def test_the_wheel_brings_the_command(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    (entries,) = (name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("entry_points.txt"))
    assert "mixfit = mixfit.main:main" in zipfile.ZipFile(wheel).read(entries).decode()


def test_a_package_from_the_wheel_alone_fits(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    start = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); import mixfit; print(mixfit.__file__); "
        "from mixfit.main import main; main(sys.argv[1:])"
    )
    typed = ["train", "optimizer=em", "data.n_samples=50", "trainer=cpu", "hydra.run.dir=run"]
    done = subprocess.run(
        [sys.executable, "-c", start, *typed], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "site"))
    assert (tmp_path / "run" / "report.png").is_file()
