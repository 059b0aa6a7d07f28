"""What the contestants are called in a file of results, and the targets between them."""

SKLEARN, FLOAT64, FLOAT32, NAIVE = "scikit-learn", "float64", "float32", "plain torch"
SQUARE, OWN_SHAPES = "square product", "own products"

TARGETS = {("full", FLOAT64): 8.0, ("full", FLOAT32): 16.0, ("diag", FLOAT64): 6.0}
"""Times as fast as scikit-learn, as the geometric mean over the shapes."""

LEAST = 4.0
"""Times as fast on any one shape, in full."""

SHARE = 0.6
"""Of the rate of a matrix product."""


def operations_of(n_points: int, dim: int, n_components: int) -> int:
    """Multiplications and additions of the two products that a full pass consists of."""
    return 2 * 2 * n_points * n_components * (dim * (dim + 1) // 2 + dim + 1)
