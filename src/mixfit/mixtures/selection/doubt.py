"""Have rows that share a value kept other fits from being chosen? Then the choice says less than it seems to.

A component on equal values has whatever likelihood the floor lets it have, so no criterion can weigh it against a sound
one, and the sound one is chosen. But where a twentieth of a column is zero, a component on the zeros may be what there
is to find, and only the user knows. Where all values repeat because they are rounded there is nothing to say, unless
they are of so few kinds that components could be told from values no longer.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mixfit.mixtures.selection.select import Selection
from mixfit.mixtures.ties import standing_out

MANY = 10
"""Rows of a value, on the average, from which on one can speak of few values."""


def why_no_more(
    selection: Selection, points: Tensor, weights: Tensor | None, columns: Sequence[str], most: int
) -> str | None:
    """A sentence where equal values kept others from being chosen; None where they did not.

    Args:
        selection: made.
        points: (N, D), that it was made of.
        weights: (N,), how often each counts; None for once.
        columns: the names of their D axes.
        most: the largest K that was asked for.
    """
    chosen = selection.chosen
    weights = points.new_ones(len(points)) if weights is None else weights.to(points)
    if chosen.n_spikes:  # there was no choice, and the floor has a warning of its own
        return None
    n_chosen = f"{chosen.n_components} component{'s were' if chosen.n_components > 1 else ' was'} chosen"
    tried = max(cell.n_components for cell in selection.cells)
    if tried < min(most, float(weights.sum()) // (points.shape[1] + 2)):
        n_kinds = len(torch.unique(points, dim=0))
        return (
            f"{n_chosen}, and no more than {tried} tried: the points are of {n_kinds} kinds only, and more components "
            "would have none of their own; give model.n_components to have them all the same"
        )
    of_ties = [(cell.bic_of_ties, cell) for cell in selection.cells if cell.bic_of_ties is not None]
    why = _standing_out(points, weights, columns) or _of_few_values(
        points, columns, min(2 * tried, chosen.n_points / MANY)
    )
    lowest, cell = min(of_ties, key=lambda pair: pair[0], default=(chosen.bic, chosen))
    if why is None or lowest >= chosen.bic:
        return None
    return (
        f"{n_chosen} among fits without a component on equal values, whose likelihood measures the floor; {why}, and "
        f"{cell.n_components} components of covariance={cell.covariance} with one there have a BIC of {lowest:.6g} and "
        f"not {chosen.bic:.6g}; give model.n_components={cell.n_components} to have it"
    )


def _standing_out(points: Tensor, weights: Tensor, columns: Sequence[str]) -> str | None:
    """The column with the value that most rows share, where it stands out."""
    shares = [
        (share, name) for name, axis in zip(columns, points.T, strict=True) if (share := standing_out(axis, weights))
    ]
    if not shares:
        return None
    share, name = max(shares)
    return f"{name} has one value in {100 * share:.2g} % of the rows"


def _of_few_values(points: Tensor, columns: Sequence[str], most: float) -> str | None:
    """The column with the fewest different values, if there are no more than so many."""
    n_values, name = min((len(torch.unique(axis)), name) for name, axis in zip(columns, points.T, strict=True))
    return f"{name} has {n_values} different values only" if n_values <= most else None
