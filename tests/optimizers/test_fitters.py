"""What happens around the steps: new origins, steps undone, empty components, and a fit taken up again."""

import io
from collections.abc import Callable
from math import log, pi
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.testing import assert_close

from mixfit.errors import InputError
from mixfit.mixtures.covariances import Covariance, Full, TiedSpherical
from mixfit.mixtures.mixture import Components, Mixture
from mixfit.mixtures.statistics import Statistics
from mixfit.optimizers import EM, Aitken, ClosedFormFitter, Fitter, GradientFitter, KMeans, Pass, Plateau, Verdict
from mixfit.optimizers.collapse import PATIENCE

Build = Callable[[type[Covariance], Tensor], Mixture]
RunFit = Callable[..., Any]


class OneStepIntoNowhere(torch.optim.SGD):
    """Plain gradient descent whose second step makes every parameter NaN."""

    n_steps = 0

    def step(self, closure: Any = None) -> Any:
        loss = super().step(closure)
        self.n_steps += 1
        if self.n_steps == 2:
            for parameter in self.param_groups[0]["params"]:
                parameter.data.fill_(torch.nan)
        return loss


@pytest.fixture
def mixture(family: type[Covariance], blobs: Tensor, start_at: Build) -> Mixture:
    return start_at(family, blobs[[0, 100, 200]])


def one_pass(fitter: Fitter, optimizer: Optimizer, points: Tensor) -> tuple[float, Verdict]:
    """The NLL that a pass of one batch began with, and the verdict on it."""

    def look(components: Components | None) -> Statistics:
        return fitter.mixture.statistics(points, fitter.assign, components)

    seen = Pass.of(fitter.visit(optimizer, optimizer, look, True))
    return seen.nll, fitter.end_pass(optimizer, optimizer, seen, lambda n_points: points[:n_points])


def copied(mixture: Mixture) -> list[Tensor]:
    return [tensor.detach().clone() for tensor in mixture.components]


def test_a_step_into_nowhere_is_undone_at_the_next_look_and_the_rate_is_cut(
    mixture: Mixture, blobs: Tensor, caplog: pytest.LogCaptureFixture
) -> None:
    optimizer = OneStepIntoNowhere(mixture.parameters(), lr=0.5, momentum=0.9)
    fitter = GradientFitter(mixture, Plateau(cut=0.2))
    one_pass(fitter, optimizer, blobs)
    second, _ = one_pass(fitter, optimizer, blobs)
    assert not any(bool(offset.isfinite().any()) for offset in mixture.parameters())
    with caplog.at_level("INFO"):
        third, verdict = one_pass(fitter, optimizer, blobs)
    assert third == pytest.approx(second, abs=1e-14)
    assert verdict is Verdict.WAIT
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1, rel=1e-15)
    assert "is undone, rate times 0.2" in caplog.text
    assert one_pass(fitter, optimizer, blobs)[0] < second  # and goes on


def test_a_rate_of_a_billion_is_cut_until_the_fit_converges(
    mixture: Mixture, blobs: Tensor, start_at: Build, run_fit: RunFit
) -> None:
    other = start_at(type(mixture.covariance), mixture.components.means.detach())
    em = run_fit(ClosedFormFitter(other, Aitken(), EM.assign), EM(other), blobs, 1000)
    optimizer = torch.optim.SGD(mixture.parameters(), lr=1e9)
    fit = run_fit(GradientFitter(mixture, Plateau(n_cuts=30, cut=0.1)), optimizer, blobs, 5000)
    assert fit.verdict is Verdict.CONVERGED
    assert fit.nll == pytest.approx(em.nll, abs=1e-5)


def test_a_likelihood_that_smaller_steps_do_not_cure_names_the_rate(mixture: Mixture, blobs: Tensor) -> None:
    optimizer = torch.optim.SGD(mixture.parameters(), lr=1.0)
    fitter = GradientFitter(mixture, Plateau(n_cuts=0))
    one_pass(fitter, optimizer, blobs)
    with pytest.raises(InputError, match=r"became nan.*lower optimizer\.lr"):
        one_pass(fitter, optimizer, blobs * torch.nan)


def test_the_nll_of_a_pass_is_that_of_the_parameters_it_began_with(mixture: Mixture, blobs: Tensor) -> None:
    fitter, optimizer = GradientFitter(mixture, Plateau()), torch.optim.LBFGS(mixture.parameters(), max_iter=5)
    for _ in range(3):
        began = float(mixture.statistics(blobs).nll)
        assert one_pass(fitter, optimizer, blobs)[0] == pytest.approx(began, abs=1e-14)


def test_after_four_and_eight_and_sixteen_passes_the_best_parameters_become_the_origin(
    mixture: Mixture, blobs: Tensor
) -> None:
    fitter, optimizer = GradientFitter(mixture, Plateau()), torch.optim.SGD(mixture.parameters(), lr=0.3)
    renewed = []
    for n_pass in range(1, 18):
        began = copied(mixture)
        one_pass(fitter, optimizer, blobs)
        if not any(bool(offset.any()) for offset in mixture.parameters()):
            renewed.append(n_pass)
            for now, before in zip(mixture.components, began, strict=True):
                assert_close(now, before, rtol=0, atol=1e-14)
    assert renewed == [4, 8, 16]


def test_a_gradient_fit_neither_looks_nor_ends_below_the_floor(family: type[Covariance], start_at: Build) -> None:
    """Points that are all the same pull every variance to zero; a fit may be cut short after any pass."""
    mixture, smallest = start_at(family, torch.ones(1, 2)), []
    mixture.floor = 0.01

    def measure(components: Components) -> None:
        smallest.append(float(torch.linalg.eigvalsh(mixture.covariance.dense(components.scale.detach())).min()))

    def look(components: Components | None) -> Statistics:
        measure(components or mixture.components)
        return mixture.statistics(torch.ones(20, 2), components=components)

    fitter, optimizer = GradientFitter(mixture, Plateau()), torch.optim.SGD(mixture.parameters(), lr=1.0)
    for _ in range(12):
        seen = Pass.of(fitter.visit(optimizer, optimizer, look, True))
        fitter.end_pass(optimizer, optimizer, seen, lambda n_points: torch.ones(n_points, 2))
        measure(mixture.components)
    assert min(smallest) == pytest.approx(0.01, rel=1e-9)
    assert seen.nll == pytest.approx(log(2 * pi * 0.01), abs=1e-9)


@pytest.mark.parametrize("n_before", [3, 11])
def test_a_gradient_fit_taken_up_again_goes_on_bit_for_bit(mixture: Mixture, blobs: Tensor, n_before: int) -> None:
    fitter, optimizer = GradientFitter(mixture, Plateau()), torch.optim.Adam(mixture.parameters(), lr=0.1)
    for _ in range(n_before):
        one_pass(fitter, optimizer, blobs)
    file = io.BytesIO()
    torch.save([mixture.state_dict(), fitter.state_dict(), optimizer.state_dict()], file)
    file.seek(0)
    states = torch.load(file, weights_only=True)
    other = Mixture(mixture.covariance, mixture.floor)
    again, resumed = GradientFitter(other, Plateau()), torch.optim.Adam(other.parameters(), lr=0.7)
    other.load_state_dict(states[0])
    again.load_state_dict(states[1])
    resumed.load_state_dict(states[2])
    for _ in range(20):
        assert one_pass(fitter, optimizer, blobs) == one_pass(again, resumed, blobs)


def test_an_empty_component_begins_anew_where_the_density_is_lowest(
    family: type[Covariance], blobs: Tensor, start_at: Build, run_fit: RunFit
) -> None:
    mixture = start_at(family, torch.cat([blobs[[0, 100]], torch.tensor([[1e3, 1e3]])]))
    fitter, optimizer = ClosedFormFitter(mixture, Aitken(), EM.assign), EM(mixture)
    fitter.stopping.update(5.0)
    assert run_fit(fitter, optimizer, blobs, 1).verdict is Verdict.BETTER
    assert fitter.stopping.state_dict() == Aitken().state_dict()  # what came before says nothing any more
    two = start_at(family, blobs[[0, 100]])
    two.maximize_(two.statistics(blobs))
    lowest = blobs[two.log_density(blobs).detach().argmin()]
    assert_close(mixture.components.means.detach()[2], lowest, rtol=0, atol=1e-9)
    assert fitter.collapses.times == [0, 0, 1]
    assert run_fit(fitter, optimizer, blobs, 2000).verdict is Verdict.CONVERGED
    assert float(mixture.statistics(blobs).count.min()) > 1


def test_a_component_that_collapses_again_and_again_is_an_error_that_names_it(
    blobs: Tensor, start_at: Build, run_fit: RunFit
) -> None:
    """Three means for two places: k-means can never fill the third."""
    places = blobs[[0, 100]].repeat_interleave(50, 0)
    mixture = start_at(TiedSpherical, torch.cat([places[[0, 99]], torch.full((1, 2), 1e3)]))
    fitter = ClosedFormFitter(mixture, Aitken(0.0), KMeans.assign)
    with pytest.raises(
        InputError, match=r"component 2 of 3 .* collapsed 6 times.* 0 of 100 points.*model\.n_components"
    ):
        run_fit(fitter, KMeans(mixture), places, 100)


def test_a_gradient_fit_whose_component_collapses_again_and_again_is_told_of_its_steps(mixture: Mixture) -> None:
    collapses = GradientFitter(mixture, Plateau()).collapses
    collapses.times = [0, 0, PATIENCE]
    with pytest.raises(InputError, match=r"again and again; lower optimizer\.lr, raise data\.batch_size"):
        collapses.mend_(torch.tensor([50.0, 50.0, 0.0]), 100.0, lambda n_places: torch.zeros(n_places, 2))


def test_em_never_raises_the_nll_and_says_so_if_rounding_does(blobs: Tensor, start_at: Build) -> None:
    mixture = start_at(Full, blobs[[0, 100, 200]])
    fitter, optimizer = ClosedFormFitter(mixture, Aitken(), EM.assign), EM(mixture)
    nll, _ = one_pass(fitter, optimizer, blobs)
    lower, _ = one_pass(fitter, optimizer, blobs)
    assert lower < nll
    mixture.set_(*start_at(Full, blobs[[0, 1, 2]]).components)
    with pytest.raises(InputError, match=r"a step raised the objective by .*model\.floor=1e-06"):
        one_pass(fitter, optimizer, blobs)


def test_points_that_are_all_the_same_without_a_floor_end_in_a_sentence(
    family: type[Covariance], start_at: Build, run_fit: RunFit
) -> None:
    points = torch.ones(20, 2)
    mixture = start_at(family, torch.zeros(1, 2))
    mixture.floor = 0.0
    with pytest.raises(InputError, match=r"collapsed.*raise model\.floor"):
        run_fit(ClosedFormFitter(mixture, Aitken(), EM.assign), EM(mixture), points, 50)


def test_a_fitter_remembers_how_often_it_began_components_anew(blobs: Tensor, start_at: Build) -> None:
    fitter, other = (ClosedFormFitter(start_at(Full, blobs[[0, 1]]), Aitken(), EM.assign) for _ in range(2))
    one_pass(fitter, EM(fitter.mixture), blobs)
    fitter.collapses.times = [0, 2]
    other.load_state_dict(fitter.state_dict())
    assert other.collapses.times == [0, 2]
    assert other.last == fitter.last < torch.inf
    assert other.stopping.state_dict() == fitter.stopping.state_dict()
