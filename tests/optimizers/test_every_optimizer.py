"""What the configuration promises of each optimizer: on an easy sample it finds the maximum and says that it has."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.optim import Optimizer

from mixfit.mixtures.assignments import soft
from mixfit.mixtures.covariances import Covariance, Full
from mixfit.mixtures.mixture import Mixture
from mixfit.optimizers import EM, Aitken, ClosedForm, ClosedFormFitter, Fitter, GradientFitter, Plateau, Verdict

Build = Callable[[type[Covariance], Tensor], Mixture]


def built(options: dict[str, Any], mixture: Mixture) -> tuple[Fitter, Optimizer]:
    """The optimizer takes the keys that are its own, its stopping rule the others."""
    make = options["_target_"]
    own = inspect.signature(make).parameters
    others = {key: value for key, value in options.items() if key not in own and key != "_target_"}
    if issubclass(make, ClosedForm):
        return ClosedFormFitter(mixture, Aitken(**others), make.assign), make(mixture)
    arguments = {key: value for key, value in options.items() if key in own}
    return GradientFitter(mixture, Plateau(**others)), make(mixture.parameters(), **arguments)


@pytest.fixture
def mixture(start_at: Build, family: type[Covariance], optimizer_options: dict[str, Any]) -> Mixture:
    own = getattr(optimizer_options["_target_"], "family", None)
    return start_at(own or family, torch.tensor([[-1.0, 0.5], [0.5, 0.5], [0.5, -0.5]]))


@pytest.fixture
def best_nll(start_at: Build, optimizer_options: dict[str, Any], mixture: Mixture, blobs: Tensor) -> float:
    """What two hundred closed-form steps reach from the same start: of EM, or of k-means for k-means."""
    assignment = getattr(optimizer_options["_target_"], "assign", soft)
    best = start_at(type(mixture.covariance), mixture.components.means.detach())
    for _ in range(200):
        best.maximize_(best.statistics(blobs, assignment))
    return float(best.statistics(blobs).nll)


def test_every_optimizer_converges_to_the_maximum_of_the_closed_form(
    optimizer_options: dict[str, Any], mixture: Mixture, best_nll: float, blobs: Tensor, run_fit: Callable[..., Any]
) -> None:
    fit = run_fit(*built(optimizer_options, mixture), blobs, 2000)
    assert fit.verdict is Verdict.CONVERGED
    assert fit.nll == pytest.approx(best_nll, abs=1e-5)


def test_every_optimizer_lowers_the_nll_of_a_random_start(
    optimizer_options: dict[str, Any], mixture: Mixture, blobs: Tensor, run_fit: Callable[..., Any]
) -> None:
    before = float(mixture.statistics(blobs).nll)
    assert run_fit(*built(optimizer_options, mixture), blobs, 30).nll < before - 0.1


def test_a_closed_form_without_statistics_refuses_to_step(start_at: Build) -> None:
    with pytest.raises(RuntimeError, match="observe"):
        EM(start_at(Full, torch.zeros(1, 2))).step()


def test_a_closed_form_fitter_refuses_an_optimizer_that_follows_a_gradient(
    start_at: Build, blobs: Tensor, run_fit: Callable[..., Any]
) -> None:
    mixture = start_at(Full, torch.zeros(1, 2))
    fitter = ClosedFormFitter(mixture, Aitken(), EM.assign)
    with pytest.raises(TypeError, match="SGD"):
        run_fit(fitter, torch.optim.SGD(mixture.parameters(), lr=1.0), blobs, 1)
