"""How many components, and of which family: all are fitted to the same points, and a criterion chooses."""

from mixfit.mixtures.selection.cell import CRITERIA, Cell
from mixfit.mixtures.selection.doubt import why_no_more
from mixfit.mixtures.selection.select import Observed, Selection, select

__all__ = ["CRITERIA", "Cell", "Observed", "Selection", "select", "why_no_more"]
