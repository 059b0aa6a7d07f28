"""All the nasty data sets."""

from __future__ import annotations

from tests.robustness.nasty.case import Case
from tests.robustness.nasty.topics import (
    columns,
    dimensions,
    dtypes,
    extremes,
    few_points,
    refusals,
    scales,
    sizes,
    tails,
    ties,
)

TOPICS = {
    "scales and shifts": scales.CASES,
    "ends of the numbers": extremes.CASES,
    "columns": columns.CASES,
    "ties and integers": ties.CASES,
    "few points": few_points.CASES,
    "outliers and tails": tails.CASES,
    "sizes and weights": sizes.CASES,
    "dimensions": dimensions.CASES,
    "types of numbers": dtypes.CASES,
    "no points at all": refusals.CASES,
}

CASES: tuple[Case, ...] = tuple(case for cases in TOPICS.values() for case in cases)

ROWS: tuple[tuple[Case, str], ...] = tuple((case, family) for case in CASES for family in case.families)
"""Every data set with every family that it is fitted with."""
