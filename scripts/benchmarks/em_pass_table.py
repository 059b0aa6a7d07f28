"""The table of the passes: how many times as fast as scikit-learn's, and what part of a matrix product's rate."""

from __future__ import annotations

from statistics import geometric_mean

from scripts.benchmarks.passes.names import (
    FLOAT32,
    FLOAT64,
    LEAST,
    OWN_SHAPES,
    SHARE,
    SKLEARN,
    SQUARE,
    TARGETS,
    operations_of,
)
from scripts.benchmarks.race import median_of, ratio_of
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met

OURS = (FLOAT64, FLOAT32)


def table(repetitions: Repetitions) -> Table:
    """A row for each family and shape, and one with each family's geometric means."""
    peers = _peers(repetitions)
    headings = (
        *("family", "N, D, K", SKLEARN),
        *(word for name in OURS for word in (name, "times")),
        *peers,
        *("of torch.mm", "target", "met"),
    )
    rows = []
    for family in ("full", "diag"):
        races = races_of([row for row in repetitions if row["family"] == family])
        rows += [_row(race, peers) for race in races]
        rows.append(_summary(family, races, len(peers)))
    return Table(headings, rows, _notes(repetitions))


def races_of(repetitions: Repetitions) -> list[Repetitions]:
    """The rows of each shape, in the order in which they were raced."""
    shapes = dict.fromkeys(_shape(row) for row in repetitions)
    return [[row for row in repetitions if _shape(row) == shape] for shape in shapes]


def times_as_fast(race: Repetitions, name: str) -> float:
    """How many times as fast as scikit-learn: the median over the rounds."""
    return ratio_of(race, SKLEARN, name)


def share(race: Repetitions, name: str, product: str = SQUARE) -> float | None:
    """A pass's operations per second in those of a matrix product of the same type; None where none was measured."""
    product = f"{product} {name}"
    if product not in {row["contestant"] for row in race}:
        return None
    rate = operations_of(*_shape(race[0])) / median_of(race, name)
    return rate / (median_of(race, product, "operations") / median_of(race, product))


def shape_in_words(row: Repetition) -> str:
    """N, D, K of a race: 1e6, 16, 32."""
    n_points, *others = _shape(row)
    return ", ".join([f"{n_points:.0e}".replace("e+0", "e"), *map(str, others)])


def _shape(row: Repetition) -> tuple[int, int, int]:
    return row["n_points"], row["dim"], row["n_components"]


def _peers(repetitions: Repetitions) -> list[str]:
    """All contestants but scikit-learn, ours and the matrix products."""
    known = {SKLEARN, *OURS, *(f"{kind} {name}" for kind in (SQUARE, OWN_SHAPES) for name in OURS)}
    return [name for name in dict.fromkeys(row["contestant"] for row in repetitions) if name not in known]


def _row(race: Repetitions, peers: list[str]) -> tuple[str, ...]:
    family = race[0]["family"]
    times = [times_as_fast(race, name) for name in OURS]
    shares = [share(race, name) for name in OURS]
    known = [part for part in shares if part is not None]
    kept = min(times) >= LEAST and all(part >= SHARE for part in known)
    target = f"≥ {LEAST:g}" + (f", {SHARE:.0%}" if known else "")
    return (
        family,
        shape_in_words(race[0]),
        _milliseconds(race, SKLEARN),
        *(
            word
            for name, ratio in zip(OURS, times, strict=True)
            for word in (_milliseconds(race, name), f"{ratio:.1f}")
        ),
        *(_milliseconds(race, peer) for peer in peers),
        ", ".join(f"{part:.0%}" for part in known) or "-",
        *((target, met(kept)) if family == "full" else ("-", "-")),
    )


def _milliseconds(race: Repetitions, name: str) -> str:
    seconds = [row for row in race if row["contestant"] == name and "seconds" in row]
    return f"{1000 * median_of(race, name):.1f}" if seconds else "-"


def _summary(family: str, races: list[Repetitions], n_peers: int) -> tuple[str, ...]:
    """The geometric means over the shapes, and whether each reaches its target."""
    means = {name: geometric_mean(times_as_fast(race, name) for race in races) for name in OURS}
    targets = {name: TARGETS[family, name] for name in OURS if (family, name) in TARGETS}
    words = "≥ " + ", ".join(f"{target:g}" for target in targets.values())
    kept = all(means[name] >= target for name, target in targets.items())
    fast = (word for name in OURS for word in ("", f"{means[name]:.1f}"))
    return (family, "geometric mean", "", *fast, *[""] * n_peers, "", words, met(kept))


def _notes(repetitions: Repetitions) -> list[str]:
    rounds = 1 + max(row.get("round", 0) for row in repetitions)
    return [
        "Milliseconds of one pass, an E-step and an M-step over all points: standardized points of data=gaussians, one "
        f"start by k-means++, {repetitions[0]['threads']} threads for everybody; medians of {rounds} rounds, "
        f"fewer of peers. float64 and float32 are mixfit's, and times is how many times as fast as {SKLEARN} it is; "
        "targets are for float64, then for float32. Everybody else computes in float64.",
        "of torch.mm: operations per second of two products of 2·N·K·(D(D+1)/2 + D + 1) operations, in float64 and in "
        f"float32, beside {SQUARE}s of the same type in the same rounds" + _own_shapes(repetitions) + ".",
        *_agreement(repetitions),
    ]


def _own_shapes(repetitions: Repetitions) -> str:
    """The same beside products of the pass's own shapes."""
    races = races_of([row for row in repetitions if row["family"] == "full"])
    parts = [
        f"{' and '.join(f'{part:.0%}' for part in known)} at D={race[0]['dim']}"
        for race in races
        if (known := [part for name in OURS if (part := share(race, name, OWN_SHAPES)) is not None])
    ]
    return f"; beside products of a pass's own shapes it is {', '.join(parts)}" if parts else ""


def _agreement(repetitions: Repetitions) -> list[str]:
    """How far NLL and parameters are from scikit-learn's, and who is too far."""
    apart = {row["contestant"]: 0.0 for row in repetitions if "apart" in row and row["contestant"] != SKLEARN}
    for name in apart:
        apart[name] = max(row["apart"] for row in repetitions if row["contestant"] == name)
    out = list(dict.fromkeys(row["contestant"] for row in repetitions if "seconds" not in row))
    words = ", ".join(f"{name} {most:.1g}" for name, most in apart.items())
    notes = [f"Largest difference from {SKLEARN}'s NLL and parameters, relative, checked before the race: {words}."]
    return notes + [f"{name} disagrees on some shape and did not race there." for name in out]
