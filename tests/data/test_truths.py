"""Is a true density the density of the points that are drawn from it, and is its entropy what others found?"""

from __future__ import annotations

import json
from functools import cache
from math import log, sqrt
from pathlib import Path
from typing import Any

import pytest
import torch

from mixfit import catalogue
from mixfit.data.checkerboard import Checkerboard
from mixfit.data.circles import Circles
from mixfit.data.dataset import Dataset
from mixfit.data.eight_gaussians import EightGaussians
from mixfit.data.marron_wand import DENSITIES, MarronWand
from mixfit.data.moons import Moons
from mixfit.data.pinwheel import Pinwheel
from mixfit.data.rings import Rings
from mixfit.data.swiss_roll import SwissRoll
from mixfit.data.truth import Truth
from mixfit.data.two_spirals import TwoSpirals
from mixfit.errors import InputError
from mixfit.keys import MARRON_WAND
from mixfit.mixtures.density import Density

PLANE: dict[str, Any] = {
    "checkerboard": Checkerboard,
    "circles": Circles,
    "eight_gaussians": EightGaussians,
    "moons": Moons,
    "pinwheel": Pinwheel,
    "rings": Rings,
    "swiss_roll": SwissRoll,
    "two_spirals": TwoSpirals,
}

KNOWN = json.loads((Path(__file__).parents[1] / "reference" / "entropies.json").read_text())


def truth_of(dataset: Dataset) -> Truth:
    assert dataset.truth is not None
    return dataset.truth


SIDE, N_CELLS = 5.0, 200
AREA = (2 * SIDE / N_CELLS) ** 2


@cache
def on_a_grid(shape: str) -> torch.Tensor:
    """The log-density in the middle of small square cells about the origin."""
    middles = SIDE * ((torch.arange(N_CELLS, dtype=torch.float64) + 0.5) / N_CELLS * 2 - 1)
    truth = truth_of(PLANE[shape](n_samples=1, n_val=0, n_test=0).load(0))
    return truth.log_density(torch.cartesian_prod(middles, middles))


@pytest.mark.parametrize("shape", PLANE)
def test_the_density_of_a_shape_in_the_plane_adds_up_to_one(shape: str) -> None:
    assert float(on_a_grid(shape).exp().sum() * AREA) == pytest.approx(1, abs=2e-3)  # a few points lie outside


@pytest.mark.parametrize("shape", PLANE)
def test_points_of_a_shape_in_the_plane_have_the_entropy_of_its_density(shape: str) -> None:
    dataset = PLANE[shape](n_samples=20_000, n_val=0, n_test=0).load(1)
    density = on_a_grid(shape).exp()
    entropy = -float(torch.special.xlogy(density, density).sum() * AREA)
    nlls = -truth_of(dataset).log_density(dataset.train.points)
    standard_error = float(nlls.std()) / sqrt(len(nlls))
    known = KNOWN["plane"][shape]
    assert float(nlls.mean()) == pytest.approx(entropy, abs=4 * standard_error + 2e-3)
    assert entropy == pytest.approx(known["entropy"], abs=4 * known["standard_error"] + 2e-3)


@pytest.mark.parametrize("shape", PLANE)
def test_no_point_of_a_shape_in_the_plane_lies_where_its_density_says_that_none_would(shape: str) -> None:
    """Of n points one lies where the density is below ε, in an area A, with a chance of at most n ε A."""
    points = PLANE[shape](n_samples=40_000, n_val=0, n_test=0).load(2).train.points
    smallest = float(truth_of(PLANE[shape](n_samples=1, n_val=0, n_test=0).load(0)).log_density(points).min())
    assert smallest > log(1e-6 / len(points) / (2 * SIDE) ** 2)


@pytest.mark.parametrize(("density", "entropy"), [*zip(DENSITIES, KNOWN["marron_wand"], strict=True)])
def test_the_entropy_of_each_of_marron_and_wands_densities_is_what_others_found(density: str, entropy: float) -> None:
    truth = truth_of(MarronWand(density, n_samples=1, n_val=0, n_test=0).load(0))
    places = torch.linspace(-9, 9, 180_001, dtype=torch.float64)
    log_density = truth.log_density(places[:, None])
    assert float(torch.trapezoid(log_density.exp(), places)) == pytest.approx(1, abs=1e-9)
    assert -float(torch.trapezoid(log_density.exp() * log_density, places)) == pytest.approx(entropy, abs=2e-6)


def test_a_density_is_known_by_the_same_names_to_the_source_and_to_what_checks_a_command() -> None:
    assert tuple(DENSITIES) == MARRON_WAND


def test_a_density_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"data\.density=clow: .* claw"):
        MarronWand("clow")


@pytest.mark.parametrize("shape", PLANE)
def test_a_shape_in_the_plane_is_a_source_with_a_file_of_its_own(shape: str) -> None:
    assert catalogue.defaults_of("data", shape)["data._target_"] == f"mixfit.data.{shape}.{PLANE[shape].__name__}"


def test_components_are_compared_with_those_of_a_mixture_and_not_with_a_curve() -> None:
    few = {"n_samples": 10, "n_val": 0, "n_test": 0}
    assert isinstance(EightGaussians(**few).load(0).true_components, Density)
    assert Moons(**few).load(0).true_components is None
