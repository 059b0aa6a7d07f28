"""What cannot be is refused before any work, as a ValueError or TypeError that names the problem in Python's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
import torch
from numpy.typing import NDArray

from mixfit import GaussianMixture
from mixfit.mixtures.density import Density
from mixfit.mixtures.mixture import Mixture

Array = NDArray[np.float64]

NUMBERS = np.array([[0.0, 1.0], [2.0, 3.0], [5.0, 1.0], [1.0, 1.0]])
NAN, INFINITE = NUMBERS.copy(), NUMBERS.copy()
NAN[1, 0], INFINITE[2, 1] = np.nan, -np.inf
FRAME = pd.DataFrame(NUMBERS, columns=["a", "b"])
OBJECTS = NUMBERS.astype(object)


def with_cell(cell: Any) -> NDArray[np.object_]:
    cells = OBJECTS.copy()
    cells[2, 1] = cell
    return cells


def with_column(values: Any) -> pd.DataFrame:
    return FRAME.assign(b=values)


POINTS: dict[str, tuple[Any, type[Exception], str]] = {
    "NaN": (NAN, ValueError, "contains NaN"),
    "NaN in a list": (NAN.tolist(), ValueError, "contains NaN"),
    "NaN in a tensor": (torch.from_numpy(NAN), ValueError, "contains NaN"),
    "infinity": (INFINITE, ValueError, "contains infinity"),
    "infinity in a tensor": (torch.from_numpy(INFINITE), ValueError, "contains infinity"),
    "None in a list": ([[None, 1.0], [2.0, 3.0]], ValueError, "contains NaN"),
    "a masked entry": (np.ma.masked_array(NUMBERS, NUMBERS > 4), ValueError, "masked entries"),
    "text": ([["a", "b"], ["c", "d"]], ValueError, "holds text"),
    "text that looks like numbers": ([["1", "2"], ["3", "4"]], ValueError, "holds text"),
    "text among numbers in a list": ([[1, "2"], [3, 4]], ValueError, "holds text"),
    "an array of text": (np.array([["1", "2"]]), ValueError, "holds text"),
    "bytes": (np.array([[b"1", b"2"]]), ValueError, "holds text"),
    "text among objects": (with_cell("2"), ValueError, r"holds '2' \(entry 5\)"),
    "a date among objects": (with_cell(date(2020, 1, 2)), ValueError, "holds datetime.date"),
    "a time among objects": (with_cell(datetime(2020, 1, 2)), ValueError, "holds datetime.datetime"),
    "a complex among objects": (with_cell(1j), ValueError, "holds 1j"),
    "dates": (NUMBERS.astype("M8[D]"), ValueError, "holds dates"),
    "durations": (NUMBERS.astype("m8[s]"), ValueError, "holds dates or times"),
    "durations in a list": ([[timedelta(1), 1.0]], ValueError, "holds datetime.timedelta"),
    "complex numbers": (NUMBERS + 1j, ValueError, "Complex data not supported"),
    "complex numbers in a list": ([[1j, 2], [3, 4]], ValueError, "Complex data not supported"),
    "complex tensor": (torch.from_numpy(NUMBERS) * 1j, ValueError, "Complex data not supported"),
    "three dimensions": (NUMBERS[None], ValueError, "Found array with dim 3"),
    "tensor of three dimensions": (torch.from_numpy(NUMBERS)[None], ValueError, "Found array with dim 3"),
    "one dimension": (NUMBERS[:, 0], ValueError, re.escape("reshape(-1, 1)")),
    "one dimension in a list": ([1.0, 2.0], ValueError, re.escape("reshape(-1, 1)")),
    "tensor of one dimension": (torch.from_numpy(NUMBERS)[:, 0], ValueError, re.escape("reshape(-1, 1)")),
    "a series of polars": (pl.Series([1.0, 2.0]), ValueError, re.escape("reshape(-1, 1)")),
    "a series of pandas": (FRAME["a"], ValueError, "Expected a 2-dimensional container"),
    "a number": (3.0, ValueError, "Expected 2D array, got scalar"),
    "nothing": (None, ValueError, "Expected 2D array, got scalar"),
    "no rows": (NUMBERS[:0], ValueError, r"Found array with 0 sample"),
    "no columns": (NUMBERS[:, :0], ValueError, r"Found array with 0 feature"),
    "tensor without rows": (torch.from_numpy(NUMBERS)[:0], ValueError, r"Found array with 0 sample"),
    "data frame without rows": (FRAME[:0], ValueError, r"Found array with 0 sample"),
    "rows of unequal length": ([[1, 2], [3]], ValueError, "inhomogeneous shape"),
    "sparse matrix": (scipy.sparse.csr_matrix(NUMBERS), TypeError, "Sparse data was passed"),
    "sparse array": (scipy.sparse.coo_array(NUMBERS), TypeError, "Sparse data was passed"),
    "sparse tensor": (torch.from_numpy(NUMBERS).to_sparse(), TypeError, "Sparse data was passed"),
    "pandas text": (with_column("x"), ValueError, "column 'b' of X holds String"),
    "pandas text like numbers": (with_column("1"), ValueError, "column 'b' of X holds String"),
    "pandas text among objects": (
        with_column(pd.Series([1.0, 2.0, "3", 4.0], dtype=object)),
        ValueError,
        r"column 'b' of X holds '3' \(entry 2\)",
    ),
    "pandas dates": (with_column(pd.Timestamp("2020-01-01")), ValueError, "column 'b' of X holds Datetime"),
    "pandas categories": (with_column(pd.Categorical([1, 2, 1, 2])), ValueError, "column 'b' of X holds Categorical"),
    "pandas NA": (FRAME.astype("Float64").mask(FRAME > 4), ValueError, "contains NaN"),
    "pandas complex": (FRAME + 1j, ValueError, "column 'a' of X holds 1j"),
    "polars text": (pl.DataFrame({"a": ["1"], "b": [2.0]}), ValueError, "column 'a' of X holds String"),
    "polars null": (pl.DataFrame({"a": [1.0, None], "b": [2.0, 3.0]}), ValueError, "contains NaN"),
    "polars dates": (pl.DataFrame({"a": [date(2020, 1, 1)], "b": [2.0]}), ValueError, "column 'a' of X holds Date"),
    "polars lists": (pl.DataFrame({"a": [[1.0]], "b": [2.0]}), ValueError, "column 'a' of X holds List"),
    "polars lazy frame": (pl.LazyFrame({"a": [1.0], "b": [2.0]}), TypeError, re.escape("collect()")),
    "Arrow text": (pa.table({"a": ["1"], "b": [2.0]}), ValueError, "column 'a' of X holds String"),
    "Arrow batch of text": (pa.record_batch({"a": ["1"], "b": [2.0]}), ValueError, "column 'a' of X holds String"),
    "Arrow null": (pa.table({"a": [1.0, None], "b": [2.0, 3.0]}), ValueError, "contains NaN"),
    "Arrow dictionary": (
        pa.table({"a": pa.array(["x", "y"]).dictionary_encode(), "b": [2.0, 3.0]}),
        ValueError,
        "column 'a' of X holds Categorical",
    ),
    "something else": ({"a": [1.0]}, TypeError, "real number, not 'dict'"),
}


@pytest.mark.filterwarnings("ignore:X (has|does not have) (valid )?feature names")
@pytest.mark.parametrize("method", ["fit", "partial_fit", "score_samples"])
@pytest.mark.parametrize("case", POINTS)
def test_what_is_no_point_is_refused_before_any_work(case: str, method: str) -> None:
    points, kind, message = POINTS[case]
    mixture = GaussianMixture(1)
    if method == "score_samples":
        mixture.fit(NUMBERS)
    with patch.object(Mixture, "statistics_of") as fitting, patch.object(Density, "log_density") as scoring:
        with pytest.raises(kind, match=message):
            getattr(mixture, method)(points)
        assert not fitting.called
        assert not scoring.called


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy, np.ndarray.tolist])
@pytest.mark.parametrize("method", ["predict", "predict_proba", "score", "bic", "partial_fit", "outliers"])
def test_another_number_of_features_is_refused(method: str, kind: Callable[[Array], Any]) -> None:
    mixture = GaussianMixture(1).fit(NUMBERS)
    with pytest.raises(ValueError, match="X has 1 features, but GaussianMixture is expecting 2 features"):
        getattr(mixture, method)(kind(NUMBERS[:, :1].copy()))


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_fewer_points_than_components_are_refused(method: str) -> None:
    with pytest.raises(ValueError, match=r"4 training points cannot hold 5 components.*lower n_components or"):
        getattr(GaussianMixture(5), method)(NUMBERS)
