"""Does Mixgen draw what the published generator draws?"""

from __future__ import annotations

from itertools import combinations
from math import sqrt
from typing import Any

import pytest
import torch

from mixfit.data.mixgen import Mixgen
from mixfit.errors import InputError
from mixfit.mixtures.density import Density

FEW: dict[str, Any] = {"n_samples": 10, "n_val": 0, "n_test": 0}
N_DRAWS = 20

LOG_LIKELIHOODS = {
    (0.2, 2): (17.5837, 0.0385),
    (0.2, 5): (17.4599, 0.0521),
    (1.0, 2): (17.1008, 0.0829),
    (1.0, 5): (16.2521, 0.0776),
    (5.0, 2): (17.0563, 0.0904),
    (5.0, 5): (16.1658, 0.0815),
}
"""In 20 dimensions at eccentricity 1, by separation and K: the mean log-likelihood in nats of the true model over 20
draws of the published generator, computed independently of this project from its description, and the standard
deviation between draws. R. Hosseini and S. Sra (2015, table of average log-likelihoods) report the like for fits."""


def truth_of(seed: int = 0, **arguments: Any) -> Density:
    truth = Mixgen(**FEW, **arguments).load(seed).true_components
    assert truth is not None
    return truth


@pytest.mark.parametrize(("setting", "known"), LOG_LIKELIHOODS.items())
def test_the_true_models_log_likelihood_is_that_of_the_published_generator(
    setting: tuple[float, int], known: tuple[float, float]
) -> None:
    separation, n_components = setting
    expected, deviation = known
    source = Mixgen(20, n_components, 2_000, 0, 0, separation, eccentricity=1.0)
    scores = []
    for seed in range(N_DRAWS):
        dataset = source.load(seed)
        assert dataset.true_components is not None
        scores.append(dataset.true_components.score(dataset.train.points))
    found = torch.tensor(scores, dtype=torch.float64)
    standard_error = sqrt((deviation**2 + float(found.var())) / N_DRAWS)
    assert float(found.mean()) == pytest.approx(expected, abs=4 * standard_error)


def test_means_are_apart_by_the_root_of_the_trace_and_hardly_more() -> None:
    ratios = []
    for seed in range(20):
        truth = truth_of(seed, dim=3, n_components=4, separation=2.0, eccentricity=4.0)
        traces = truth.covariances.diagonal(dim1=1, dim2=2).sum(1)
        for i, j in combinations(range(4), 2):
            needed = 2 * float(torch.maximum(traces[i], traces[j]).sqrt())
            ratios.append(float((truth.means[i] - truth.means[j]).norm()) / needed)
    assert min(ratios) >= 1 - 1e-12
    assert min(ratios) < 1.01


def test_deviations_are_between_a_tenth_and_a_tenth_of_the_eccentricity() -> None:
    for seed in range(5):
        deviations = torch.linalg.eigvalsh(truth_of(seed, dim=4, eccentricity=6.0).covariances).sqrt()
        assert float(deviations.min()) >= 0.1 - 1e-12
        assert 0.4 < float(deviations.max()) <= 0.6 + 1e-12
    round_ones = truth_of(dim=4, eccentricity=1.0).covariances
    assert float((round_ones - 0.01 * torch.eye(4, dtype=torch.float64)).abs().max()) < 1e-15


def test_no_weight_is_below_a_quarter_of_the_mean() -> None:
    smallest = [float(truth_of(seed, n_components=8, dim=2).weights.min()) for seed in range(20)]
    assert 1 / 32 < min(smallest) < 0.045


def test_without_separation_all_means_are_one() -> None:
    assert truth_of(separation=0.0).means.abs().max() == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"n_components": 300, "dim": 1}, r"data\.n_components=300: .* lower data\.n_components"),
        (
            {"separation": 50.0, "n_components": 40, "dim": 1, "eccentricity": 1e6},
            r"data\.separation=50\.0, .*data=gau",
        ),
    ],
)
def test_what_is_next_to_never_drawn_is_refused(
    arguments: dict[str, Any], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mixfit.data.mixgen.MOST_DRAWS", 3_000)
    with pytest.raises(InputError, match=named):
        truth_of(**arguments)
