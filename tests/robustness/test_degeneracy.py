"""Data that no mixture was meant for, put together at random: a fit is finite and respects the floor, or says why not.

The named sets in `nasty` have answers that are known. Here nobody knows the answer, so what is asked is what holds for
any: numbers are finite, shares sum to one, no variance is below the floor, whoever meets it is warned, and whoever is
refused is told what to do.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mixfit import FitWarning, GaussianMixture
from mixfit.errors import InputError
from tests.running import choices, families

KINDS: list[dict[str, Any]] = [
    {"optimizer": optimizer, "covariance_type": family}
    for optimizer in choices("optimizer")
    for family in (families() if optimizer != "kmeans" else ["tied_spherical"])
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind.values()))

FLOOR = 1e-6
REMEDIES = r"\b(lower|raise|choose|give|leave|subtract|fit)\b"
DTYPES = ["float64", "float32", "float16", "int64", "uint8", "bool"]


@st.composite
def degenerate(draw: st.DrawFn) -> tuple[NDArray[Any], int]:
    """Points (N, D) of some type with any number of defects, and K."""
    dim, n_components = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    n_points = draw(st.integers(n_components, 60))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    points = 3 * random.normal(size=(n_points, dim))
    if draw(st.booleans()):
        points = np.round(points)
    if draw(st.booleans()):
        points = points[random.integers(0, draw(st.integers(1, n_points)), n_points)]
    if draw(st.booleans()):
        points[:, draw(st.integers(0, dim - 1))] = draw(st.sampled_from([0.0, 7.0]))
    if draw(st.booleans()):
        points[:, draw(st.integers(0, dim - 1))] = points[:, draw(st.integers(0, dim - 1))]
    if draw(st.booleans()):
        points[0, draw(st.integers(0, dim - 1))] = draw(st.sampled_from([-9999.0, 1e4, 6e4]))
    dtype = draw(st.sampled_from(DTYPES))
    if dtype == "float64":
        points *= 10.0 ** np.array(draw(st.lists(st.integers(-100, 100), min_size=dim, max_size=dim)))
    with np.errstate(invalid="ignore"):
        return points.astype(dtype), n_components


def smallest_variance(mixture: GaussianMixture) -> float:
    """In the coordinates in which the floor is one number."""
    density = mixture.density_.mixture
    return float(torch.linalg.eigvalsh(density.covariance.dense(density.components.scale.detach())).min())


@every_kind
@settings(max_examples=12, phases=(Phase.explicit, Phase.generate), deadline=None, derandomize=True, database=None)
@given(case=degenerate())
def test_any_degenerate_points_end_in_a_density_above_the_floor_or_in_a_remedy(
    kind: dict[str, Any], case: tuple[NDArray[Any], int]
) -> None:
    points, n_components = case
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            mixture = GaussianMixture(n_components, **kind, reg_covar=FLOOR, random_state=0).fit(points)
        except InputError as refusal:
            assert re.search(REMEDIES, str(refusal))  # noqa: PT017
            return
    assert np.isfinite(mixture.score_samples(points)).all()
    assert mixture.predict_proba(points).sum(1) == pytest.approx(np.ones(len(points)), abs=1e-12)
    assert mixture.weights_.sum() == pytest.approx(1, abs=1e-12)
    assert np.isfinite(mixture.means_).all()
    smallest = smallest_variance(mixture)
    assert smallest >= FLOOR * (1 - 1e-4)
    said = [str(each.message) for each in caught if issubclass(each.category, FitWarning)]
    assert any("on the floor" in sentence for sentence in said) == (smallest <= FLOOR * (1 + 1e-6))
