"""Were more components left out because of rows that repeat? Then the choice says less than it seems to.

A component that closes in on equal values has whatever likelihood the floor lets it have, so no criterion can weigh it
against a sound fit, and the sound one is chosen. But where zeros make up a third of a column every fit of two
components and more has one on them: what was chosen is the best of very little, and only the user knows whether the
zeros are something of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mixfit.mixtures.floor import repeated
from mixfit.mixtures.poorest import MOST_POINTS
from mixfit.mixtures.selection.select import Selection


def why_no_more(selection: Selection, points: Tensor, columns: Sequence[str], most: int) -> str | None:
    """A sentence where rows that repeat kept every larger K from being chosen; None where they did not.

    Args:
        selection: made.
        points: (N, D), that it was made of.
        columns: the names of their D axes.
        most: the largest K that was asked for.
    """
    chosen = selection.chosen
    larger = [
        cell
        for cell in selection.cells
        if cell.covariance == chosen.covariance and cell.n_components > chosen.n_components
    ]
    is_last = not larger and chosen.n_components < most
    has_better = any(cell.criterion(selection.criterion) < chosen.criterion(selection.criterion) for cell in larger)
    if not (is_last or (has_better and all(cell.n_spikes for cell in larger))):
        return None
    repeats = repeated(points[:: -(-len(points) // MOST_POINTS)], columns)
    if repeats is None:
        return None
    n_chosen = f"{chosen.n_components} component{'s were' if chosen.n_components > 1 else ' was'} chosen"
    if is_last:
        return (
            f"{n_chosen}, and no more were tried, for they would have no points of their own: {repeats}; give "
            "model.n_components to have more all the same"
        )
    return (
        f"{n_chosen}, because all fits of more close in on equal values, where the likelihood measures the "
        f"floor: {repeats}; fit the other rows alone, or give model.n_components"
    )
