"""Classic data, and the best maxima of the likelihood that are known there: `tests/reference/best_known.json`."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixfit.data import old_faithful

Array = NDArray[np.float64]

REFERENCE = Path(__file__).resolve().parents[2] / "tests" / "reference"
OWN = Path(old_faithful.__file__).parent  # the data that come with mixfit


class Cell(NamedTuple):
    """A data set, a model and a number of components; likelihoods are total ones, in nats, of raw data.

    Attributes:
        data: the name of the data set.
        model: mclust's name of the family.
        covariance: the family's name here.
        n_components: K.
        best_known: the best maximum known that is not degenerate.
        nested_lower_bound: what was recorded with it: a fit below has ended in a bad place.
        best_of_smaller: the best known of all special cases of the model.
        agreed: whether two programs found the best one.
        n_parameters: free ones.
    """

    data: str
    model: str
    covariance: str
    n_components: int
    best_known: float
    nested_lower_bound: float
    best_of_smaller: float
    agreed: bool
    n_parameters: int


def cells() -> list[Cell]:
    """All of them, data set by data set."""
    return [Cell(data, *cell.values()) for data, content in _known().items() for cell in content["cells"]]


@cache
def points_of(data: str) -> Array:
    """(N, D), in raw units."""
    known = _known()[data]
    folder = REFERENCE if (REFERENCE / known["file"]).exists() else OWN
    with (folder / known["file"]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return np.array([[float(row[column]) for column in known["columns"]] for row in rows])


def is_degenerate(model: str, points: Array, weights: Array, covariances: Array) -> bool:
    """By the rule that stands in `best_known.json`, of weights (K,) and covariances (K, D, D)."""
    n_points, dim = points.shape
    if model.startswith("E"):
        return False
    if dim == 1:
        return bool(weights.min() * n_points < 2.5 or np.sqrt(covariances.min()) < 0.02 * points.std())
    pooled = (weights[:, None, None] * covariances).sum(0)
    smallest = np.linalg.eigvalsh(covariances).min()
    return bool(weights.min() * n_points < dim + 2 or smallest < 1e-3 * np.linalg.eigvalsh(pooled).min())


@cache
def _known() -> dict[str, dict[str, Any]]:
    content = json.loads((REFERENCE / "best_known.json").read_text(encoding="utf-8"))
    return {data: known for data, known in content.items() if data != "_about"}
