"""Ways out of a bad place, one per file: from mixtures that EM has settled to others that it would not have come to.

A move proposes; whether anything is gained shows only after EM has looked at the proposal for a while, and the search
(`mixtures.search`) keeps what is better and nothing else. So a move may be bold.
"""

from mixfit.mixtures.moves.move import Move, Points

__all__ = ["Move", "Points"]
