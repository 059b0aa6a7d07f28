"""python scripts/true_k.py: does a selection find the true K of 20 random mixtures, and how long does it take?

K = 2, …, 8 in 2, 5 and 10 dimensions, 2,000 points to fit and 2,000 held out, components that hardly overlap
(`data=gaussians data.separation=2`); full covariances, K from 1 to 10, one thread. Times are processor seconds.
"""

from __future__ import annotations

import time
from operator import methodcaller

import torch

from mixfit.data.gaussians import Gaussians
from mixfit.mixtures.assignments import soft
from mixfit.mixtures.covariances import Full
from mixfit.mixtures.search import Search
from mixfit.mixtures.selection import CRITERIA
from mixfit.selecting import Question

N_TRUTHS, N_POINTS, MOST = 20, 2_000, 10
DIMENSIONS, LEAST_K, NUMBERS = (2, 5, 10), 2, 7


def main() -> None:
    """Prints a row for each truth and how often each criterion was right."""
    torch.set_num_threads(1)
    right, spent = dict.fromkeys(CRITERIA, 0), 0.0
    print("seed  D  K  ", "  ".join(CRITERIA), "  seconds")
    for seed in range(N_TRUTHS):
        n_components, dim = LEAST_K + seed % NUMBERS, DIMENSIONS[seed % len(DIMENSIONS)]
        dataset = Gaussians(dim, n_components, N_POINTS, N_POINTS, 0).load(seed)
        question = Question({"full": Full}, None, MOST, "nll/val", 1e-6, Search(), soft, seed)
        began = time.process_time()
        cells = question.answer(dataset).cells
        seconds = time.process_time() - began
        named = {name: min(cells, key=methodcaller("criterion", name)).n_components for name in CRITERIA}
        right = {name: right[name] + (named[name] == n_components) for name in CRITERIA}
        spent += seconds
        print(f"{seed:4} {dim:2} {n_components:2}  ", "  ".join(f"{k:3}" for k in named.values()), f"  {seconds:6.1f}")
    print(", ".join(f"{name} {n} of {N_TRUTHS}" for name, n in right.items()), f"in {spent:.0f} s")


if __name__ == "__main__":
    main()
