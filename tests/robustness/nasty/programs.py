"""The programs that are given nasty data, all of them behind scikit-learn's names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import sklearn.mixture
from sklearn.preprocessing import StandardScaler

import mixfit
from tests.robustness.nasty.case import Array
from tests.robustness.nasty.units import raw, relative, z_scores


@dataclass(frozen=True)
class Program:
    """A program, its defaults, and what it claims.

    Attributes:
        name: of it.
        make: an estimator for K and a family of covariances.
        unit: in which units it measures its floor.
        adds_floor: whether it adds the floor to every variance, or bounds them by it.
        warns: whether it says when the floor was forced on it.
        takes_weights: whether a point may count more than once.
    """

    name: str
    make: Callable[[int, str], Any]
    unit: Callable[[Array, Array, str], Array]
    adds_floor: bool = False
    warns: bool = False
    takes_weights: bool = False


def ours(optimizer: str = "em") -> Program:
    """mixfit with one of its optimizers."""

    def make(n_components: int, family: str) -> mixfit.GaussianMixture:
        return mixfit.GaussianMixture(n_components, covariance_type=family, optimizer=optimizer, random_state=0)

    return Program(f"mixfit ({optimizer})", make, relative, warns=True, takes_weights=True)


class BehindZScores:
    """scikit-learn's mixture of z-scores, whose answers are in the data's units."""

    def __init__(self, n_components: int, covariance_type: str) -> None:
        self.scaler = StandardScaler()
        self.mixture = sklearn.mixture.GaussianMixture(
            n_components, covariance_type=covariance_type, tol=1e-7, max_iter=1000, random_state=0
        )

    def fit(self, points: Any) -> Self:
        self.mixture.fit(self.scaler.fit_transform(points))
        return self

    def score_samples(self, points: Any) -> Array:
        return np.asarray(self._ask("score_samples", points) - np.log(self.scaler.scale_).sum())

    def bic(self, points: Any) -> float:
        return float(self._ask("bic", points) + 2 * len(points) * np.log(self.scaler.scale_).sum())

    def sample(self, n_samples: int) -> tuple[Array, Array]:
        points, labels = self.mixture.sample(n_samples)
        return self.scaler.inverse_transform(points), labels

    @property
    def means_(self) -> Array:
        return np.asarray(self.scaler.inverse_transform(self.mixture.means_))

    @property
    def covariances_(self) -> Array:
        """In units of the z-scores."""
        return np.asarray(self.mixture.covariances_)

    def _ask(self, method: str, points: Any) -> Any:
        return getattr(self.mixture, method)(self.scaler.transform(points))

    def __getattr__(self, name: str) -> Any:
        """What does not depend on the units."""
        if name in ("predict", "predict_proba"):
            return partial(self._ask, name)
        return getattr(self.mixture, name)


def scikit_learn() -> Program:
    """scikit-learn's mixture with its defaults."""

    def make(n_components: int, family: str) -> Any:
        return sklearn.mixture.GaussianMixture(n_components, covariance_type=family, random_state=0)

    return Program("scikit-learn", make, raw, adds_floor=True)


def scikit_learn_behind_z_scores() -> Program:
    """The same behind a StandardScaler, with a tolerance that is tight."""
    return Program("scikit-learn behind z-scores", BehindZScores, z_scores, adds_floor=True)
