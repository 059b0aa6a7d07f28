"""Does a file's format, or the way its columns are chosen, change a fit?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from tests.running import run_experiment

IRIS = Path(__file__).with_name("reference") / "iris.csv"
FIT = ["data=file", "model.n_components=3", "optimizer=em"]
MEASURES = ["nll/train", "nll/val", "nll/test", "bic", "icl", "ari", "n_points", "passes"]


def measures(folder: Path, path: Path, *overrides: str) -> dict[str, Any]:
    metrics = run_experiment(folder / "run", *FIT, f"data.path={path}", *overrides)
    return {name: metrics[name] for name in MEASURES}


@pytest.fixture(scope="module")
def iris() -> pa.Table:
    return csv.read_csv(IRIS)


@pytest.fixture(scope="module")
def from_csv(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return measures(tmp_path_factory.mktemp("csv"), IRIS, "data.label=species")


def as_parquet(iris: pa.Table, folder: Path) -> tuple[Path, str]:
    parquet.write_table(iris, folder / "iris.parquet")
    return folder / "iris.parquet", "species"


def as_array(iris: pa.Table, folder: Path) -> tuple[Path, str]:
    species = iris["species"].combine_chunks().dictionary_encode().indices.to_numpy()
    measured = [iris[name].to_numpy() for name in iris.column_names[:4]]
    np.save(folder / "iris.npy", np.column_stack([*measured, species]))
    return folder / "iris.npy", "4"


def as_tabs_without_names(iris: pa.Table, folder: Path) -> tuple[Path, str]:
    csv.write_csv(iris, folder / "iris.tsv", csv.WriteOptions(include_header=False, delimiter="\t"))
    return folder / "iris.tsv", "4"


@pytest.mark.parametrize("written", [as_parquet, as_array, as_tabs_without_names])
def test_the_same_points_give_the_same_fit_to_the_last_bit(
    written: Callable[[pa.Table, Path], tuple[Path, str]], iris: pa.Table, from_csv: dict[str, Any], tmp_path: Path
) -> None:
    path, label = written(iris, tmp_path)
    assert measures(tmp_path, path, f"data.label={label}") == from_csv


def test_numbering_every_column_is_the_default(from_csv: dict[str, Any], tmp_path: Path) -> None:
    assert measures(tmp_path, IRIS, "data.label=species", "data.columns=[0,1,2,3]") == from_csv


def test_the_label_is_never_shown_to_the_fit(from_csv: dict[str, Any], tmp_path: Path) -> None:
    measured = "data.columns=[sepal_length,sepal_width,petal_length,petal_width]"
    unlabelled = measures(tmp_path, IRIS, measured)
    assert unlabelled == from_csv | {"ari": None}


def test_a_vector_is_one_dimension(tmp_path: Path) -> None:
    np.save(tmp_path / "vector.npy", np.random.default_rng(0).normal(size=200))
    metrics = run_experiment(tmp_path / "run", *FIT, f"data.path={tmp_path / 'vector.npy'}")
    assert metrics["n_parameters"] == 2 + 3 + 3


def test_a_change_of_units_moves_the_likelihood_by_its_logarithm_alone(
    iris: pa.Table, from_csv: dict[str, Any], tmp_path: Path
) -> None:
    millimetres = np.column_stack([10 * iris[name].to_numpy() + 1000 for name in iris.column_names[:4]])
    np.save(tmp_path / "millimetres.npy", millimetres)
    metrics = measures(tmp_path, tmp_path / "millimetres.npy")
    for name in ("nll/train", "nll/val", "nll/test"):
        assert metrics[name] == pytest.approx(from_csv[name] + 4 * np.log(10), abs=1e-8)
