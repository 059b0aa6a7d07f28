"""How all questions here fit: under the same conditions for everybody, with a clock, and without a word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import sklearn.mixture
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import mixfit
from scripts.benchmarks.fits import own_threads, quietly
from scripts.benchmarks.race import seconds_of

Array = NDArray[np.float64]

OURS, SKLEARN = "mixfit", "scikit-learn"


class Fitted(NamedTuple):
    """A fitted estimator, ours or scikit-learn's, and the seconds that its fit took."""

    estimator: Any
    seconds: float

    @property
    def covariances(self) -> Array:
        """In the data's units, (K, D, D) whatever the family."""
        estimator = self.estimator
        if isinstance(estimator, mixfit.GaussianMixture):
            return np.asarray(estimator.density_.covariances)
        (n_components, dim), found = estimator.means_.shape, estimator.covariances_
        own = {
            "full": lambda: found,
            "tied": lambda: np.broadcast_to(found, (n_components, dim, dim)),
            "diag": lambda: found[:, :, None] * np.eye(dim),
            "spherical": lambda: found[:, None, None] * np.eye(dim),
        }
        return np.asarray(own[estimator.covariance_type]())


def fit(estimator: Any, points: Array) -> Fitted:
    """Fits, and reads the clock."""
    return Fitted(estimator, seconds_of(lambda: estimator.fit(points)))


@contextmanager
def alike(threads: int) -> Iterator[None]:
    """As many threads for all, no notices, and everything that is imported late has been."""
    with own_threads(), threadpool_limits(threads), quietly():
        torch.set_num_threads(threads)
        few = np.random.default_rng(0).normal(size=(1000, 2))
        for make in (mixfit.GaussianMixture, sklearn.mixture.GaussianMixture):
            make(2, random_state=0).fit(few)
        yield
