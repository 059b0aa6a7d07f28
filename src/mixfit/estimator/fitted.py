"""What a fitted mixture can be asked, in scikit-learn's names where it has one: every answer comes from `density_`.

How it was fitted does not matter here. A part of it is a mixture again: `marginal` and `condition` give one that can be
asked the same things.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from math import nan
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, DensityMixin, TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state
from torch import Tensor

from mixfit import chosen
from mixfit.conversion.precisions import covariances_of, precisions_cholesky_of, precisions_of
from mixfit.effort import with_threads
from mixfit.errors import InputError
from mixfit.estimator.arguments import device_of
from mixfit.estimator.axes import axes_of, values_of
from mixfit.estimator.numbers import real_number, real_numbers
from mixfit.estimator.points import FEATURES, Points, part_of, points_of
from mixfit.mixtures import operations
from mixfit.mixtures.criteria import criteria
from mixfit.mixtures.density import Density
from mixfit.mixtures.operations.monte_carlo import Estimate
from mixfit.mixtures.rarity import Rarity

RARITY_DRAWS = 10_001
"""Draws that stand for training points where there were none."""


class FittedMixture(ClassNamePrefixFeaturesOutMixin, TransformerMixin, DensityMixin, BaseEstimator):  # type: ignore[misc]
    """A mixture that has a density; `GaussianMixture` says how it comes by one."""

    density_: Density
    feature_names_in_: NDArray[np.object_]
    n_components: int | str
    random_state: Any
    covariance_type: str
    optimizer: str
    converged_: bool
    n_iter_: int
    lower_bounds_: list[float]
    lower_bound_: float
    device: Any
    dtype: Any
    _rarity: Rarity | None
    _n_seen: float
    _memory: dict[str, dict[str, Any]]
    _expects_names: bool = True  # whether points whose columns have no names deserve scikit-learn's warning

    # Looking at points

    def predict(self, X: Any) -> Any:
        """The most probable component of each point, (N,); for k-means, the one with the nearest mean."""
        return self._answer(X, lambda density, points: density.assign(points, chosen.assignment(self.optimizer)))

    def predict_proba(self, X: Any) -> Any:
        """p(k | x_n), (N, K)."""
        return self._answer(X, Density.responsibilities)

    def transform(self, X: Any) -> Any:
        """p(k | x_n), (N, K): the same as `predict_proba`, for the next step of a pipeline."""
        return self.predict_proba(X)

    def score_samples(self, X: Any) -> Any:
        """log p(x_n), (N,), in nats and the data's units."""
        return self._answer(X, Density.log_density)

    def outliers(self, X: Any, share: float = 0.01) -> Any:
        """Whether the density at each point is lower than at all but this share of the training points, (N,)."""
        threshold = self.rarity_.threshold(real_number("share", share))
        return self._answer(X, lambda density, points: density.log_density(points) < threshold)

    def score(self, X: Any, y: object = None, sample_weight: Any = None) -> float:
        """Mean log-likelihood in nats per point: higher is better."""
        return self._number(X, sample_weight, Density.score)

    def bic(self, X: Any, sample_weight: Any = None) -> float:
        """Bayesian information criterion of the points: lower is better."""
        return self._number(X, sample_weight, lambda *given: criteria(*given).bic)

    def aic(self, X: Any, sample_weight: Any = None) -> float:
        """Akaike's information criterion of the points: lower is better."""
        return self._number(X, sample_weight, lambda *given: criteria(*given).aic)

    def icl(self, X: Any, sample_weight: Any = None) -> float:
        """Integrated completed likelihood of the points, in the sign of the BIC: lower is better."""
        return self._number(X, sample_weight, lambda *given: criteria(*given).icl)

    def sample(self, n_samples: int = 1) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Independent draws: points (n_samples, D) and the component (n_samples,) that each came from."""
        density = self._fitted_density()
        if isinstance(n_samples, bool) or not isinstance(n_samples, (int, np.integer)) or n_samples < 1:
            raise InputError(f"Invalid value for 'n_samples': {n_samples}. The sampling requires at least one sample.")
        points, components = density.sample(int(n_samples), self._generator())
        return points.numpy(), components.numpy()

    # Parts of it, and what is known of it without any points

    def marginal(self, axes: int | str | Sequence[int | str]) -> Self:
        """p(x_axes): the mixture of an axis or of some axes alone, by number or by name, in the order given."""
        density = self._fitted_density()
        positions = axes_of(axes, self._n_axes, self._names)
        return self._part(operations.marginal(density, positions), positions)

    def condition(self, values: Mapping[int | str, float]) -> Self:
        """p(x_rest | x_axis = value, ...): the mixture of the other axes where those are known, by number or by name.

        Regression is one line: `fitted.condition({"x": 1.5}).mean()`.
        """
        density = self._fitted_density()
        known = values_of(values, self._n_axes, self._names)
        others = [axis for axis in range(self._n_axes) if axis not in known]
        return self._part(operations.condition(density, known), others)

    def mean(self) -> NDArray[np.float64]:
        """Σ_k π_k μ_k, (D,)."""
        return operations.mean(self._fitted_density()).numpy()

    def covariance(self) -> NDArray[np.float64]:
        """The covariance (D, D) of the whole mixture, within its components and between them."""
        return operations.covariance(self._fitted_density()).numpy()

    def cdf(self, x: ArrayLike) -> NDArray[np.float64]:
        """P(X ≤ x) in one dimension, (N,)."""
        return operations.cdf(self._fitted_density(), _vector("x", x)).numpy()

    def quantile(self, levels: ArrayLike) -> NDArray[np.float64]:
        """The points x (N,) with P(X ≤ x) = level, in one dimension."""
        return operations.quantile(self._fitted_density(), _vector("levels", levels)).numpy()

    def entropy(self, **accuracy: Any) -> Estimate:
        """-∫ p log p in nats with its standard error, by Monte Carlo; `tolerance=` asks for an accuracy."""
        return operations.entropy(self._fitted_density(), generator=self._generator(), **accuracy)

    def kl(self, other: FittedMixture | Density, **accuracy: Any) -> Estimate:
        """∫ p log(p/q) in nats with its standard error, by Monte Carlo; `tolerance=` asks for an accuracy."""
        mine = self._fitted_density()
        if not isinstance(other, (FittedMixture, Density)):
            raise TypeError(f"expected a fitted GaussianMixture or a Density of mixfit's, found {type(other).__name__}")
        yours = other if isinstance(other, Density) else other._fitted_density()
        return operations.kl(mine, yours, generator=self._generator(), **accuracy)

    def modes(self) -> NDArray[np.float64]:
        """The places (M, D) where the density is higher than all around, the highest first."""
        return operations.modes(self._fitted_density()).numpy()

    def overlap(self) -> NDArray[np.float64]:
        """How often a point of component i has the larger weighted density under component j, (K, K); i = j is 0."""
        return operations.overlap(self._fitted_density()).numpy()

    # Its parameters

    @property
    def weights_(self) -> NDArray[np.float64]:  # noqa: D102
        return self._fitted_density().weights.numpy()

    @property
    def means_(self) -> NDArray[np.float64]:  # noqa: D102
        return self._fitted_density().means.numpy()

    @property
    def covariances_(self) -> NDArray[np.float64]:  # noqa: D102
        return covariances_of(self._fitted_density())

    @property
    def precisions_(self) -> NDArray[np.float64]:  # noqa: D102
        return precisions_of(self._fitted_density())

    @property
    def precisions_cholesky_(self) -> NDArray[np.float64]:  # noqa: D102
        return precisions_cholesky_of(self._fitted_density())

    @property
    def n_components_(self) -> int:
        """K, which may have been chosen."""
        return len(self._fitted_density().mixture.unit)

    @property
    def covariance_type_(self) -> str:
        """The name of the family, which may have been chosen."""
        return chosen.name_of_family(type(self._fitted_density().mixture.covariance))

    @property
    def selection_(self) -> list[dict[str, Any]]:
        """What was tried to choose K and the family, a row each; empty where the last fit chose nothing."""
        _ = self._fitted_density()
        return [cell._asdict() for cell in vars(self).get("_cells", [])]

    @property
    def n_parameters_(self) -> int:
        """The number of free parameters."""
        return self._fitted_density().n_parameters

    @property
    def rarity_(self) -> Rarity:
        """Quantiles of the log-density over the training points; of a part of a mixture, over draws from it."""
        density = self._fitted_density()
        if self._rarity is None:
            draws, _ = density.sample(RARITY_DRAWS, torch.Generator().manual_seed(0))
            self._rarity = Rarity.of(density.log_density(draws))
        return self._rarity

    # Inside

    def __sklearn_is_fitted__(self) -> bool:
        return "density_" in vars(self)

    def __getattr__(self, name: str) -> Any:
        """What a fit leaves behind is not there before one."""
        if name.endswith("_") and not name.startswith("_"):
            self._fitted_density()
        if hasattr(type(self), name):  # and says itself why it is not there
            return object.__getattribute__(self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _fitted_density(self) -> Density:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("this GaussianMixture is not fitted yet: call fit with some points first")
        density: Density = self.density_
        return density

    @property
    def _n_features_out(self) -> int:
        return len(self._fitted_density().mixture.unit)

    @property
    def _n_axes(self) -> int:
        return self._fitted_density().means.shape[1]

    @property
    def _names(self) -> list[str]:
        """Of the axes; none where the points came without."""
        return [*map(str, vars(self).get("feature_names_in_", []))]

    def _part(self, density: Density, axes: Sequence[int]) -> Self:
        """An estimator like this one that was fitted to some of the axes."""
        without = dict.fromkeys(("weights_init", "means_init", "precisions_init"))
        part = type(self)(**{**self.get_params(deep=False), **without})
        density.mixture.floor = self._fitted_density().mixture.floor  # in the same coordinates, so it means the same
        part.density_, part._rarity = density, None
        part.lower_bounds_, part.lower_bound_, part.n_iter_, part.converged_ = [], nan, 0, True
        part._n_seen, part._memory = self._n_seen, {}
        part.n_features_in_, part._expects_names = len(axes), self._expects_names
        if "feature_names_in_" in vars(self):
            part.feature_names_in_ = self.feature_names_in_[[*axes]]
        return part

    def _generator(self) -> torch.Generator:
        return torch.Generator().manual_seed(self._seed())

    def _seed(self) -> int:
        """`random_state` itself where that is a number, so that it means what `seed=` means."""
        if isinstance(self.random_state, (int, np.integer)):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _remember(self, points: Points) -> None:
        """The number and the names of the features, from now on."""
        for name in (*FEATURES, "_expects_names"):
            self.__dict__.pop(name, None)
        self.__dict__.update(points.features)

    def _device(self, points: Tensor) -> torch.device:
        return device_of(self.device, self.dtype, points)

    def _threads(self, points: Tensor) -> Any:
        return with_threads(points.numel() * self._n_features_out)

    def _on(self, points: Tensor) -> Density:
        """The density where it is to compute for these points."""
        density, device = self._fitted_density(), self._device(points)
        return density if density.mixture.unit.device == device else deepcopy(density).to(device)

    def _answer(self, x: Any, function: Callable[[Density, Tensor], Tensor]) -> Any:
        _ = self._fitted_density()
        points = points_of(self, x, is_first=False)
        with self._threads(points.rows):
            return points.answer(function(self._on(points.rows), points.rows))

    def _number(self, x: Any, sample_weight: Any, function: Callable[[Density, Tensor, Tensor | None], float]) -> float:
        _ = self._fitted_density()
        part = part_of(points_of(self, x, is_first=False), sample_weight)
        with self._threads(part.points):
            return function(self._on(part.points), part.points, part.weights)


def _vector(name: str, values: ArrayLike) -> Tensor:
    return torch.from_numpy(np.atleast_1d(real_numbers(name, values)))
