"""Whatever people keep points in: the same numbers give the same answers, in the form that the points came in."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from mixfit import GaussianMixture
from tests.estimator.conftest import may_touch_the_floor

Array = NDArray[np.float64]
Form = Callable[[Array], Any]

NAMES = ["a", "b"]


def frame(x: Array) -> pd.DataFrame:
    return pd.DataFrame(x, columns=NAMES)


def table(x: NDArray[Any]) -> pa.Table:
    return pa.table(dict(zip(NAMES, x.T, strict=True)))


SAME: dict[str, Form] = {
    "list": lambda x: x.tolist(),
    "tuple of tuples": lambda x: tuple(map(tuple, x)),
    "list of arrays": list,
    "list of tensors": lambda x: [*torch.from_numpy(x)],
    "long double": lambda x: x.astype(np.longdouble),
    "big endian": lambda x: x.astype(">f8"),
    "Fortran order": np.asfortranarray,
    "strides": lambda x: np.repeat(np.repeat(x, 2, 0), 3, 1)[::2, ::3],
    "negative strides": lambda x: np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1],
    "objects": lambda x: x.astype(object),
    "subclass of array": lambda x: x.view(np.recarray),
    "nothing masked": np.ma.masked_array,
    "fractions": lambda x: [[Fraction(number) for number in row] for row in x.tolist()],
    "pandas": frame,
    "pandas without names": pd.DataFrame,
    "pandas Float64": lambda x: frame(x).astype("Float64"),
    "pandas objects": lambda x: frame(x).astype(object),
    "pandas over Arrow": lambda x: frame(x).astype("double[pyarrow]"),
    "polars": lambda x: pl.DataFrame(x, schema=NAMES),
    "polars decimals": lambda x: pl.DataFrame({"a": [Decimal(f"{number:.20f}") for number in x[:, 0]], "b": x[:, 1]}),
    "Arrow table": table,
    "Arrow table in chunks": lambda x: pa.concat_tables([table(x[:30]), table(x[30:])]),
    "Arrow record batch": lambda x: table(x).to_batches()[0],
    "Arrow record batch reader": lambda x: table(x).to_reader(),
    "tensor": torch.from_numpy,
    "tensor with gradient": lambda x: torch.from_numpy(x).clone().requires_grad_(),
    "tensor, transposed": lambda x: torch.from_numpy(np.ascontiguousarray(x.T)).T,
}
"""Forms that keep float64 as it is."""

HALVES: dict[str, Form] = {
    "float32": lambda x: x.astype(np.float32),
    "float16": lambda x: x.astype(np.float16),
    "float32 tensor": lambda x: torch.from_numpy(x).float(),
    "float16 tensor": lambda x: torch.from_numpy(x).half(),
    "bfloat16 tensor": lambda x: torch.from_numpy(x).bfloat16(),
    "pandas float32": lambda x: frame(x).astype("float32"),
    "Arrow float32": lambda x: table(x).cast(pa.schema([(name, pa.float32()) for name in NAMES])),
}
"""Forms that hold a number like 2.5 exactly."""

COUNTS: dict[str, Form] = {
    **{np.dtype(kind).name: partial(np.asarray, dtype=kind) for kind in "bBhHiIqQ"},
    "pandas Int64": lambda x: frame(x).astype("Int64"),
    "pandas mixed": lambda x: frame(x).assign(a=x[:, 0].astype(np.uint8)),
    "polars": lambda x: pl.DataFrame(x.astype(np.int16), schema=NAMES),
    "uint8 tensor": lambda x: torch.from_numpy(x).to(torch.uint8),
    "int64 tensor": lambda x: torch.from_numpy(x).long(),
}

TRUTHS: dict[str, Form] = {
    "NumPy": lambda x: x > 0,
    "lists": lambda x: (x > 0).tolist(),
    "pandas": lambda x: frame(x) > 0,
    "pandas boolean": lambda x: (frame(x) > 0).astype("boolean"),
    "polars": lambda x: pl.DataFrame(x > 0, schema=NAMES),
    "Arrow": lambda x: table(x > 0),
    "tensor": lambda x: torch.from_numpy(x) > 0,
}


def said(x: Any, again: Any = None) -> Array:
    """The log-densities of points under the mixture that is fitted to them; a reader can be read only once."""
    again = x if again is None else again
    found = GaussianMixture(2, random_state=0).fit(x).score_samples(again)
    return np.asarray(found)


@pytest.mark.parametrize("form", SAME)
def test_the_same_numbers_give_the_same_answer_to_the_last_bit(form: str, points: Array) -> None:
    assert (said(SAME[form](points), SAME[form](points)) == said(points)).all()


@pytest.mark.parametrize("form", HALVES)
def test_fewer_digits_are_widened_before_anything_is_computed(form: str, points: Array) -> None:
    points = np.round(2 * points) / 2
    assert (said(HALVES[form](points)) == said(points)).all()


@pytest.mark.parametrize("form", COUNTS)
def test_whole_numbers_are_numbers(form: str, points: Array) -> None:
    points = np.round(points - points.min(0))
    assert (said(COUNTS[form](points)) == said(points)).all()


@may_touch_the_floor
@pytest.mark.parametrize("form", TRUTHS)
def test_truths_are_ones_and_zeros(form: str, points: Array) -> None:
    assert (said(TRUTHS[form](points)) == said((points > 0).astype(float))).all()


def test_points_that_may_not_be_written_to_are_fitted(points: Array, tmp_path: Path) -> None:
    np.save(tmp_path / "points.npy", points)
    mapped = np.load(tmp_path / "points.npy", mmap_mode="r")
    frozen = points.copy()
    frozen.flags.writeable = False
    assert (said(mapped) == said(points)).all()
    assert (said(frozen) == said(points)).all()


def test_points_are_not_written_to(points: Array, optimizer: str) -> None:
    before = points.copy()
    GaussianMixture(2, optimizer=optimizer, max_iter=3, random_state=0).fit(points).predict_proba(points)
    assert (points == before).all()


ANSWERS = ("predict", "predict_proba", "transform", "score_samples", "outliers")


@pytest.mark.parametrize("method", ANSWERS)
def test_a_tensor_is_answered_with_a_tensor_where_it_is(method: str, points: Array) -> None:
    mixture = GaussianMixture(2, random_state=0).fit(points)
    expected = getattr(mixture, method)(points)
    found = getattr(mixture, method)(torch.from_numpy(points).requires_grad_())
    assert (found.device, found.requires_grad, tuple(found.shape)) == (torch.device("cpu"), False, expected.shape)
    assert (found.numpy() == expected).all()
    assert isinstance(expected, np.ndarray)


def test_fit_predict_answers_in_the_form_of_the_points(points: Array) -> None:
    labels = GaussianMixture(2, random_state=0).fit_predict(torch.from_numpy(points))
    assert isinstance(labels, torch.Tensor)
    assert (labels.numpy() == GaussianMixture(2, random_state=0).fit_predict(points)).all()


def test_points_go_to_the_device_that_is_named_and_answers_come_back(points: Array) -> None:
    """There is one device here for sure; that it is asked for is what can be seen."""
    mixture = GaussianMixture(2, random_state=0, device="cpu").fit(torch.from_numpy(points))
    assert mixture.density_.mixture.mean_origin.device == torch.device("cpu")
    with patch("mixfit.estimator.fitted.device_of", return_value=torch.device("meta")) as asked:
        density = mixture._on(torch.from_numpy(points))
    assert asked.call_args.args[:2] == ("cpu", "float64")
    assert density.mixture.mean_origin.device == torch.device("meta")
    assert mixture.density_.mixture.mean_origin.device == torch.device("cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_tensor_on_a_gpu_is_fitted_and_answered_there(points: Array) -> None:
    there = torch.from_numpy(points).cuda()
    mixture = GaussianMixture(2, random_state=0).fit(there)
    assert mixture.score_samples(there).device == there.device
    assert_allclose(mixture.score_samples(there).cpu(), said(points), atol=1e-8)
    assert_allclose(mixture.score_samples(points), said(points), atol=1e-8)


@pytest.mark.parametrize("form", [form for form in SAME if form.startswith(("pandas", "polars", "Arrow"))])
def test_names_of_columns_are_remembered(form: str, points: Array) -> None:
    mixture = GaussianMixture(2, random_state=0, max_iter=1).fit(SAME[form](points))
    assert mixture.n_features_in_ == 2
    if form != "pandas without names":
        assert mixture.feature_names_in_.tolist() == NAMES


@pytest.mark.parametrize("form", ["pandas", "polars", "Arrow table", "Arrow record batch"])
def test_columns_in_another_order_or_of_other_names_are_refused(form: str, points: Array) -> None:
    mixture = GaussianMixture(2, random_state=0, max_iter=1).fit(frame(points))
    for names in (["b", "a"], ["a", "c"]):
        arrow = pa.table(dict(zip(names, points.T, strict=True)))
        forms = {"pandas": arrow.to_pandas(), "polars": pl.from_arrow(arrow), "Arrow table": arrow}
        other = (forms | {"Arrow record batch": arrow.to_batches()[0]})[form]
        with pytest.raises(ValueError, match="feature names should match"):
            mixture.predict(other)


def test_points_without_names_are_taken_with_scikit_learns_warning(points: Array) -> None:
    mixture = GaussianMixture(2, random_state=0, max_iter=1).fit(frame(points))
    for nameless in (points, torch.from_numpy(points)):
        with pytest.warns(UserWarning, match="X does not have valid feature names"):
            mixture.predict(nameless)


def test_names_are_forgotten_when_points_without_any_are_fitted(points: Array) -> None:
    mixture = GaussianMixture(2, random_state=0, max_iter=1).fit(frame(points)).fit(points)
    assert not hasattr(mixture, "feature_names_in_")
    mixture.predict(points)


def test_a_fit_on_named_columns_is_that_on_their_numbers(points: Array) -> None:
    named = GaussianMixture(2, random_state=0).fit(frame(points))
    assert (named.score_samples(pl.DataFrame(points, schema=NAMES)) == said(points)).all()


def test_one_column_is_enough(points: Array) -> None:
    line = points[:, :1]
    mixture = GaussianMixture(2, random_state=0).fit(line)
    assert mixture.means_.shape == (2, 1)
    assert (mixture.fit(frame(points)[["a"]]).score_samples(frame(points)[["a"]]) == said(line)).all()
