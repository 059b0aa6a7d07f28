"""Components that sink onto a few points: begun anew where they are spurious, left where the data force them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mixfit.errors import InputError
from mixfit.mixtures.covariances import Covariance, Diag, Full, Spherical, Tied, TiedSpherical
from mixfit.mixtures.mixture import Mixture
from mixfit.optimizers import EM, Aitken, ClosedFormFitter, GradientFitter, Plateau, Verdict
from mixfit.optimizers.collapse import PATIENCE, Collapses

OWN = [Full, Diag, Spherical]
FLOOR = 1e-6


def with_a_spike_at(family: type[Covariance], place: Tensor) -> Mixture:
    """One wide component, and one on the floor at the place, which holds next to nothing else."""
    mixture = Mixture(family(2, 2), FLOOR)
    weights = torch.tensor([0.99, 0.01])
    covariances = torch.stack([torch.eye(2), FLOOR * torch.eye(2)])
    mixture.set_(weights.log(), torch.stack([torch.zeros(2), place]), mixture.covariance.scale_of(covariances))
    return mixture


def mend(mixture: Mixture, count: list[float], n_points: float = 200.0) -> bool:
    here = torch.tensor([[1.0, 2.0]])
    return Collapses(mixture).mend_(torch.tensor(count), n_points, lambda n_points: here[:n_points])


@pytest.mark.parametrize("own", OWN)
def test_a_spike_on_one_of_many_points_begins_anew_at_the_poorest_place(own: type[Covariance]) -> None:
    mixture = with_a_spike_at(own, torch.tensor([0.5, 0.5]))
    assert mend(mixture, [199.0, 1.0])
    assert mixture.components.means[1].tolist() == [1.0, 2.0]
    assert not mixture.on_floor.any()


@pytest.mark.parametrize("own", OWN)
def test_a_spike_that_holds_enough_points_is_the_datas_own(own: type[Covariance]) -> None:
    mixture = with_a_spike_at(own, torch.tensor([0.5, 0.5]))
    assert not mend(mixture, [150.0, 50.0])
    assert mixture.on_floor.tolist() == [False, True]


@pytest.mark.parametrize("own", OWN)
def test_a_spike_on_a_point_far_from_everything_stays(own: type[Covariance]) -> None:
    """In the plane P(χ² > r²) = exp(-r²/2): of 200 points one at r = 12 has the chance 1e-29."""
    assert not mend(with_a_spike_at(own, torch.tensor([12.0, 0.0])), [199.0, 1.0])
    assert mend(with_a_spike_at(own, torch.tensor([5.0, 0.0])), [199.0, 1.0])


@pytest.mark.parametrize("own", OWN)
def test_too_few_points_for_so_many_components_leave_them_where_they_are(own: type[Covariance]) -> None:
    assert not mend(with_a_spike_at(own, torch.tensor([0.5, 0.5])), [4.0, 1.0], n_points=5.0)


@pytest.mark.parametrize("shared", [Tied, TiedSpherical])
def test_a_shared_covariance_lets_a_component_hold_a_single_point(shared: type[Covariance]) -> None:
    mixture = Mixture(shared(2, 2), FLOOR)
    assert not mend(mixture, [199.0, 1.0])
    assert mend(mixture, [200.0, 0.0])


def test_a_component_with_nothing_stays_where_no_place_lacks_one() -> None:
    mixture = with_a_spike_at(Full, torch.zeros(2))
    collapses = Collapses(mixture)
    assert not collapses.mend_(torch.tensor([200.0, 0.0]), 200.0, lambda n_points: torch.ones(0, 2))
    assert collapses.times == [0, 0]


def test_the_sixth_time_that_a_component_holds_nothing_is_an_error() -> None:
    collapses = Collapses(with_a_spike_at(Full, torch.zeros(2)))
    for _ in range(PATIENCE):
        assert collapses.mend_(torch.tensor([200.0, 0.0]), 200.0, lambda n_points: torch.ones(n_points, 2))
    with pytest.raises(InputError, match=r"component 1 of 2 .*6 times.*0 of 200 points.*needs 4.*model\.n_components"):
        collapses.mend_(torch.tensor([200.0, 0.0]), 200.0, lambda n_points: torch.ones(n_points, 2))


def test_a_spike_that_has_begun_anew_often_enough_stays() -> None:
    """On rounded points every place is one to sink on; the fit goes on, and its warning speaks of the floor."""
    collapses = Collapses(with_a_spike_at(Full, torch.tensor([0.5, 0.5])))
    collapses.times = [0, PATIENCE]
    assert not collapses.mend_(torch.tensor([199.0, 1.0]), 200.0, lambda n_points: torch.ones(n_points, 2))
    assert collapses.times == [0, PATIENCE]


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("optimizer", ["em", "adam"])
def test_a_fit_that_begins_with_a_spike_ends_without_one(
    own: type[Covariance], optimizer: str, blobs: Tensor, run_fit: Callable[..., object]
) -> None:
    mixture = with_a_spike_at(own, blobs[0])
    if optimizer == "em":
        run_fit(ClosedFormFitter(mixture, Aitken(), EM.assign), EM(mixture), blobs, 2000)
    else:
        adam = torch.optim.Adam(mixture.parameters(), lr=0.1, eps=0.05)
        run_fit(GradientFitter(mixture, Plateau()), adam, blobs, 2000)
    statistics = mixture.statistics(blobs)
    assert not mixture.on_floor.any()
    assert float(statistics.count.min()) > 50


def test_a_spike_that_a_bad_step_made_is_undone_and_not_begun_anew(
    blobs: Tensor, run_fit: Callable[..., object]
) -> None:
    """A rate of ten throws components about; what comes of it is no better than the best so far, and is given up."""
    mixture = Mixture(Full(3, 2), FLOOR)
    mixture.set_(torch.zeros(3), blobs[[0, 100, 200]], 0.5 * mixture.covariance.identity())
    fitter = GradientFitter(mixture, Plateau(n_cuts=8))
    sgd = torch.optim.SGD(mixture.parameters(), lr=10.0)
    fit = run_fit(fitter, sgd, blobs, 5000)
    assert fit.verdict is Verdict.CONVERGED  # type: ignore[attr-defined]
    assert not mixture.on_floor.any()
