"""Every family with every number of components on one table, and the cell that a criterion chooses.

There is no early stop: a criterion may rise and fall again with K, and nothing that is seen up to K bounds what K + 1
gains. K ends where components could not hold the D + 2 points that keep one from being a spike, even if all held as
many. A cell with fewer spikes comes before one with a better value, because a spike's likelihood is no evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import NamedTuple

import torch
from torch import Tensor

from mixfit.mixtures.assignments import Assignment, soft
from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.criteria import criteria
from mixfit.mixtures.density import Density
from mixfit.mixtures.initializers.distinct import distinct
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.moments import Moments
from mixfit.mixtures.moves import Points
from mixfit.mixtures.passes.chunks import threads_for_passes_alone
from mixfit.mixtures.ranking import measure_floor
from mixfit.mixtures.search import Search
from mixfit.mixtures.selection.cell import CRITERIA, Cell
from mixfit.mixtures.selection.ladder import Rung, ladder
from mixfit.mixtures.standardization import Standardization


class Observed(NamedTuple):
    """What a selection may look at, in the data's units.

    Attributes:
        points: (N, D), to fit.
        weights: (N,), how often each counts; None for once.
        moments: that standardize the points: their own, or of all points where these are a sample.
        held_out: (M, D), to judge by; None where there are none.
        held_out_weights: (M,), likewise.
    """

    points: Tensor
    weights: Tensor | None
    moments: Moments
    held_out: Tensor | None = None
    held_out_weights: Tensor | None = None


class Selection(NamedTuple):
    """The table and its winner.

    Attributes:
        cells: all that were fitted, family by family and K by K.
        criterion: what has chosen.
        chosen: the winner.
        components: of the winner, in its standardized coordinates; None where the table was read from a file.
    """

    cells: list[Cell]
    criterion: str
    chosen: Cell
    components: Components | None


def select(
    observed: Observed,
    families: Mapping[str, type[Covariance]],
    n_components: Sequence[int],
    criterion: str = "bic",
    *,
    floor: float = 1e-6,
    how: Search | None = None,
    assignment: Assignment = soft,
    generator: Callable[[], torch.Generator] = torch.Generator,
) -> Selection:
    """Fits all families with all numbers of components, and chooses.

    Args:
        observed: the points.
        families: that come into question, by name.
        n_components: that do, which follow each other.
        criterion: one of `CRITERIA`.
        floor: the smallest eigenvalue of a covariance, in standardized coordinates.
        how: what draws starts, and how many.
        assignment: `soft` for mixtures, `nearest` for k-means.
        generator: makes the generator of a family's draws, the same for all, so that no family depends on another.

    Raises:
        ValueError: for a criterion that there is not, or held-out points that there are not.
    """
    if criterion not in CRITERIA:
        raise ValueError(f"criterion={criterion}: expected one of {', '.join(CRITERIA)}")
    if criterion == "nll/val" and (observed.held_out is None or not len(observed.held_out)):
        raise ValueError("the held-out likelihood chooses only where points are held out; give some, or choose bic")
    found: list[tuple[Cell, Components]] = []
    with threads_for_passes_alone():
        for name, family in families.items():
            found += _column(observed, name, family, n_components, floor, how or Search(), assignment, generator())
    chosen, components = min(found, key=lambda pair: (pair[0].n_spikes, pair[0].criterion(criterion)))
    return Selection([cell for cell, _ in found], criterion, chosen, components)


def _column(
    observed: Observed,
    name: str,
    family: type[Covariance],
    n_components: Sequence[int],
    floor: float,
    how: Search,
    assignment: Assignment,
    random: torch.Generator,
) -> list[tuple[Cell, Components]]:
    """The cells of one family."""
    standardization = Standardization.of_moments(observed.moments, family.per_axis)
    rows = observed.points.to(torch.float64)
    weights = rows.new_ones(len(rows)) if observed.weights is None else observed.weights.to(rows)
    points = Points(*distinct(standardization(rows, rows), weights), assignment)
    dim = rows.shape[1]
    most = max(1, min(len(points.points), int(points.n_points) // (dim + 2)))
    possible = [k for k in n_components if k <= most] or list(n_components)[:1]
    rungs = ladder(family, possible, floor, points, how, random)
    return [(_cell(name, rung, standardization, observed), rung.components) for rung in rungs]


def _cell(name: str, rung: Rung, standardization: Standardization, observed: Observed) -> Cell:
    mixture = Mixture(rung.best.family, rung.best.floor).to(rung.components.means)
    mixture.set_(*rung.components)
    density = Density(mixture, standardization)
    found = criteria(density, observed.points, observed.weights)
    held_out = observed.held_out
    n_points = float(len(observed.points) if observed.weights is None else observed.weights.sum())
    return Cell(
        covariance=name,
        n_components=rung.n_components,
        n_parameters=density.n_parameters,
        n_points=n_points,
        nll=density.nll(observed.points, observed.weights),
        bic=found.bic,
        icl=found.icl,
        nll_val=None if held_out is None or not len(held_out) else density.nll(held_out, observed.held_out_weights),
        stability=rung.stability,
        n_spikes=rung.n_components if bool(measure_floor(rung.best).any()) else rung.rank.n_spikes,
        bic_of_ties=found.bic + 2 * n_points * (rung.lowest_of_ties - rung.rank.objective)
        if isfinite(rung.lowest_of_ties)
        else None,
    )
