"""The estimator: a mixture for those who know scikit-learn.

It fits with the module and the trainer of `python train.py` (`training`), so there is one way to fit and this is a
door to it. scikit-learn's arguments, attributes and methods keep their names and meaning; what is beyond them has the
names of the configuration. What a fitted mixture can be asked stands in `fitted`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.metaestimators import available_if
from torch.optim import LBFGS

from mixfit import chosen
from mixfit.data.dataset import Part
from mixfit.effort import with_threads
from mixfit.errors import FitWarning, InputError
from mixfit.estimator.agreement import check_continues, check_keeps
from mixfit.estimator.arguments import (
    INITIALIZERS,
    check_arguments,
    dtype_of,
    in_python,
    optimizer_of,
    speaking_of_arguments,
)
from mixfit.estimator.choice import family_of, k_of, question_of
from mixfit.estimator.fitted import FittedMixture
from mixfit.estimator.initial import initial_of
from mixfit.estimator.keeping import keep
from mixfit.estimator.points import Points, balanced, counted, part_of, points_of
from mixfit.mixtures.components import Components
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.density import Density
from mixfit.mixtures.rarity import Rarity
from mixfit.mixtures.search import Search
from mixfit.mixtures.selection import Selection
from mixfit.optimizers import Never
from mixfit.selecting import begin_at

if TYPE_CHECKING:
    from mixfit.estimator.training import Ended
    from mixfit.module import MixtureModule


def _takes_streams(estimator: GaussianMixture) -> bool:
    """Raises `AttributeError` where `partial_fit` is not there; for an optimizer that is not known it is, to say so."""
    optimizer = chosen.optimizer_class(estimator.optimizer)
    if optimizer is not None and issubclass(optimizer, LBFGS):
        raise AttributeError(
            f"optimizer={estimator.optimizer!r} has no partial_fit: its line search needs all points at every step; "
            "choose 'em', 'kmeans', 'adam', 'adamw', 'sgd' or 'rmsprop'"
        )
    return True


class Kind(NamedTuple):
    """K and the family of a fit, and the components that a selection has found."""

    n_components: int
    family: type[Covariance]
    found: Components | None = None


FORGETTING = 0.6
"""A part of a stream counts its share of all points so far to this power: between 1/2, which forgets fast, and 1, which
never forgets the first guesses (Cappé & Moulines 2009, who recommend 0.6)."""


class GaussianMixture(FittedMixture):
    """p(x) = Σ_k π_k N(x; μ_k, Σ_k), fitted by EM, by gradient descent or by k-means.

    Args:
        n_components: K, at least one; or `auto`, which chooses from 1 to `max_components`.
        covariance_type: `full`, `tied`, `diag` or `spherical` as in scikit-learn, or `tied_spherical`; or `auto`, which
            chooses between the first four, together with K where that is `auto` too.
        max_components: the largest K that `auto` tries.
        criterion: what `auto` chooses by: `bic` or `icl`.
        tol: stop when less than this is still to be gained, in nats per point; None is the optimizer's own (1e-7 for
            EM). EM and k-means judge by the last gain and by Aitken's estimate of all that is to come, so they stop
            later than scikit-learn at the same value. At 0 they take all `max_iter` passes.
        reg_covar: the smallest variance in any direction as a part of the data's own variance. A bound, unlike
            scikit-learn's, which is absolute and added to every covariance: a fit that does not touch it does not
            know that it exists, and data in other units are fitted alike.
        max_iter: passes over the points at most.
        n_init: starts that are drawn side by side, of which the best few go on; None for as many as cost little, or for
            one if `moves` is "none".
        init_params: where a start begins: `kmeans_plusplus` (scikit-learn's `k-means++`, greedy), `adaptive`, `kmeans`,
            `ward`, `short_em`, `points` (`random_from_data`), `random`.
        weights_init: (K,), positive, of sum one, to begin at.
        means_init: (K, D), to begin at, in the data's units.
        precisions_init: Σ⁻¹ to begin at, in the shape of `precisions_`.
        moves: how a fit leaves a bad place before its optimizer goes on: `alternating`, `double_and_merge`,
            `random_swap`, `split_and_merge`, `annealed` or `none`. `auto` is `alternating`; but with `means_init`
            nothing moves a start, and EM from it is EM from it.
        random_state: of starts, batches and `sample`: a number, a `numpy.random.RandomState`, or None.
        warm_start: begin the next `fit` where the last one ended, in its coordinates.
        optimizer: `em`, `adam`, `adamw`, `sgd`, `rmsprop`, `lbfgs` or `kmeans`. `kmeans` makes hard assignments and
            has one shared spherical covariance, whatever `covariance_type` says.
        optimizer_options: what differs from `configs/optimizer/<optimizer>.yaml`, as in {"lr": 0.05}.
        batch_size: rows per step; None for all at once. EM over batches equals EM over all rows.
        device: where to compute, as in `cuda`; None is where the points are.
        dtype: `float64` or `float32`.

    Attributes:
        weights_: π, (K,).
        means_: μ, (K, D).
        covariances_: Σ in scikit-learn's shapes: full (K, D, D), tied (D, D), diag (K, D), spherical (K,), tied
            spherical and k-means ().
        precisions_: Σ⁻¹, alike.
        precisions_cholesky_: U with Σ⁻¹ = U Uᵀ, upper triangular, or one over the standard deviations, alike.
        converged_: whether the fit ended by itself.
        n_iter_: passes over the points; after `partial_fit`, parts that were seen.
        lower_bounds_: mean log-likelihood of the points, in nats, at the beginning of each pass.
        lower_bound_: the last of them.
        density_: the fitted `mixfit.mixtures.density.Density`.
        n_components_: K.
        covariance_type_: the family.
        selection_: a row for each K and family that `auto` tried: likelihood, criteria, how far restarts agree.
        rarity_: quantiles of the log-density over the training points.
        n_features_in_: D.
        feature_names_in_: names of the columns, where the points came with any.
    """

    def __init__(
        self,
        n_components: int | str = 1,
        *,
        covariance_type: str = "full",
        max_components: int = 10,
        criterion: str = "bic",
        tol: float | None = None,
        reg_covar: float = 1e-6,
        max_iter: int = 1000,
        n_init: int | None = None,
        init_params: str = "kmeans_plusplus",
        moves: str = "auto",
        weights_init: Any = None,
        means_init: Any = None,
        precisions_init: Any = None,
        random_state: Any = None,
        warm_start: bool = False,
        optimizer: str = "em",
        optimizer_options: Mapping[str, Any] | None = None,
        batch_size: int | None = None,
        device: Any = None,
        dtype: Any = "float64",
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.max_components = max_components
        self.criterion = criterion
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.moves = moves
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.optimizer = optimizer
        self.optimizer_options = optimizer_options
        self.batch_size = batch_size
        self.device = device
        self.dtype = dtype

    # Fitting

    def fit(self, X: Any, y: object = None, sample_weight: Any = None) -> Self:
        """Fits the mixture to points X (N, D); a point of weight w counts as w points, y is not looked at."""
        check_arguments(self.get_params(deep=False))
        goes_on = self.warm_start and self.__sklearn_is_fitted__()
        points = points_of(self, X, is_first=not goes_on)
        train = part_of(points, sample_weight)
        with speaking_of_arguments(), torch.inference_mode(mode=False):  # in which nothing could be fitted
            selection, end = self._fitted(train, self._seed(), goes_on)
        self._keep(end, train, points)
        self._cells = [] if selection is None else selection.cells
        self._warn(end, goes_on)
        return self

    @available_if(_takes_streams)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: object = None, sample_weight: Any = None) -> Self:
        """Takes one step with points X (N, D) of a stream, or with more of the data that were fitted.

        EM and k-means become their online forms (Cappé & Moulines 2009); gradient optimizers take one step. The first
        part that is ever seen fixes standardization and floor, and is where the mixture starts.
        """
        from mixfit.estimator.stream import followed

        check_arguments(self.get_params(deep=False))
        is_first = not self.__sklearn_is_fitted__()
        points = points_of(self, X, is_first)
        part = part_of(points, sample_weight)
        n_seen = part.total_weight + (0.0 if is_first else self._n_seen)
        kind = self._kind(None if is_first else self.density_, None)
        numbers = part.points.numel() * kind.n_components
        with speaking_of_arguments(), torch.inference_mode(mode=False), with_threads(numbers):
            module = self._module(part, kind, seed=self._seed(), max_passes=self.max_iter)
            step = followed(
                module,
                balanced(part),
                None if is_first else self._mixture_to_go_on_with(),
                None if is_first else self._memory.get(self.optimizer),
                share=(part.total_weight / n_seen) ** FORGETTING,
                dtype=dtype_of(self.dtype),
                device=self._device(part.points),
            )
            rarity = Rarity.of(step.log_densities, part.weights)
        self._remember(points)
        self.density_, self._n_seen, self._memory = step.density, n_seen, {self.optimizer: step.optimizer_state}
        self._rarity = rarity
        self.lower_bounds_ = [*([] if is_first else self.lower_bounds_), step.log_likelihood]
        self.lower_bound_, self.n_iter_, self.converged_ = step.log_likelihood, len(self.lower_bounds_), False
        return self

    def fit_predict(self, X: Any, y: object = None, sample_weight: Any = None) -> Any:
        """Fits the mixture and returns the most probable component of each point, (N,)."""
        return self.fit(X, sample_weight=sample_weight).predict(X)

    def save(self, folder: str | Path) -> None:
        """Writes `model.safetensors` and `model.json` into the folder, which `mixfit.load` reads.

        Raises:
            InputError: arguments that were changed since the fit do not agree with it, the folder holds a run, or
                there is no making it.
        """
        check_keeps(self, self._fitted_density())
        keep(self, Path(folder))

    # Inside

    def _module(self, train: Part, kind: Kind, **options: Any) -> MixtureModule:
        from mixfit.module import MixtureModule

        takes_all = self.tol == 0 and chosen.closed_form(self.optimizer) is not None
        make, stopping, _ = optimizer_of(self.optimizer, self.optimizer_options, self.tol)
        n_components, family, found = kind
        covariance = family(n_components, train.points.shape[1])
        initial = initial_of(covariance, self.weights_init, self.means_init, self.precisions_init)
        return MixtureModule(
            n_components=n_components,
            covariance=family,
            optimizer=make,
            stopping=Never() if takes_all else stopping,
            search=self._search(),
            floor=float(self.reg_covar),
            adjust=partial(initial.put_, train=train) if found is None else partial(begin_at, found),
            reseeds=not initial.is_complete,
            start_is_given=initial.means is not None or found is not None,
            **options,
        )

    def _search(self) -> Search:
        move, patience = chosen.move(self.moves)
        initializer = chosen.initializer(INITIALIZERS.get(self.init_params, self.init_params))
        n_init = None if self.n_init is None else int(self.n_init)
        return Search(initializer, n_init, move=move, patience=patience)

    def _fitted(self, train: Part, seed: int, goes_on: bool) -> tuple[Selection | None, Ended]:
        """What was chosen, where anything was, and the fit."""
        from mixfit.estimator.training import Given, fitted

        start = self._mixture_to_go_on_with() if goes_on else None
        question = question_of(self, self._search(), seed) if start is None else None
        selection = None
        if question is not None:
            dataset = Given(counted(train)).load(seed)
            with with_threads(question.numbers(dataset)):
                selection = question.answer(dataset)
            if doubt := question.doubt(selection, dataset):
                warnings.warn(in_python(doubt), FitWarning, stacklevel=3)
        train = balanced(train)
        kind = self._kind(start, selection)
        return selection, fitted(
            partial(self._module, train, kind),
            train,
            start=start,
            n_components=kind.n_components,
            batch_size=None if self.batch_size is None else int(self.batch_size),
            max_passes=int(self.max_iter),
            seed=seed,
            dtype=dtype_of(self.dtype),
            device=self._device(train.points),
        )

    def _kind(self, start: Density | None, selection: Selection | None) -> Kind:
        """What is fitted: that of the mixture to go on with, what was chosen, or what the arguments say."""
        if start is not None:
            covariance = start.mixture.covariance
            return Kind(covariance.n_components, type(covariance))
        if selection is not None:
            cell = selection.chosen
            return Kind(cell.n_components, chosen.family(cell.covariance), selection.components)
        n_components, family = k_of(self), family_of(self)
        if n_components is None or family is None:
            raise InputError(
                "partial_fit sees some points at a time, and 'auto' chooses by all: give n_components and "
                "covariance_type, or fit first and go on with partial_fit"
            )
        return Kind(n_components, family)

    def _mixture_to_go_on_with(self) -> Density:
        """A copy of the density, in numbers of the type that is asked for."""
        check_continues(self, self.density_)
        return deepcopy(self.density_).to(dtype_of(self.dtype))

    def _warn(self, end: Ended, goes_on: bool) -> None:
        if not goes_on and self.means_init is not None and (self.n_init or 1) > 1:
            warnings.warn(
                f"n_init={self.n_init}: no starts were drawn, for means_init says where the fit begins; leave one out",
                FitWarning,
                stacklevel=3,
            )
        for doubt in end.doubts:
            warnings.warn(in_python(doubt), FitWarning, stacklevel=3)
        if not end.converged and not end.doubts and self.tol != 0:
            warnings.warn(
                f"the fit has not converged in max_iter={self.max_iter} passes; raise max_iter or tol, or choose "
                "another optimizer",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _keep(self, end: Ended, train: Part, points: Points) -> None:
        self._remember(points)
        self.density_, self._rarity = end.density, end.rarity
        self.lower_bounds_ = [-nll for nll in end.nlls]
        self.lower_bound_ = self.lower_bounds_[-1]
        self.n_iter_, self.converged_ = round(end.passes), end.converged
        self._n_seen, self._memory = train.total_weight, {}
