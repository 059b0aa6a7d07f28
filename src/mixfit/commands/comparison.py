"""Several models on the same points: how much better one is, and whether they see the same groups.

NLLs are compared point by point. Points that are hard for one model are hard for all, so the mean difference to the
best is known far better than either NLL, and its standard error says whether there is a difference at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mixfit.data.dataset import Part, Rows
from mixfit.leaderboard.estimate import Estimate
from mixfit.mixtures.criteria import criteria_of
from mixfit.mixtures.density import Density
from mixfit.portable import Model, Plain
from mixfit.tracking.metrics import adjusted_rand
from mixfit.tracking.metrics_file import Value
from mixfit.tracking.uncertainty import standard_error


@dataclass(frozen=True)
class Line:
    """What is said of one model.

    Attributes:
        name: of its run.
        settings: what sets it apart from the others.
        density: the model, in the data's units.
        nll: in nats per point, with its standard error.
        above_best: the mean difference to the best, with its standard error, which the best does not have.
        values: n_parameters, bic, aic, icl and ari on these points; None where there is none.
        agreement: the adjusted Rand index with each model, in the order of the lines.
    """

    name: str
    settings: Mapping[str, Plain]
    density: Density
    nll: Estimate
    above_best: Estimate
    values: Mapping[str, Value]
    agreement: tuple[float, ...]


def compared(models: Mapping[str, Model], parts: Sequence[Rows]) -> list[Line]:
    """The models on the same points, the best first; two numbers are kept for each model and point.

    Args:
        models: by the names of their runs.
        parts: the points, with labels where they are known.
    """
    scores = {
        name: torch.cat([model.density.log_density(block.points).double().cpu() for block in _blocks(parts)])
        for name, model in models.items()
    }
    labels = {
        name: torch.cat([model.density.assign(block.points).cpu() for block in _blocks(parts)])
        for name, model in models.items()
    }
    order = sorted(models, key=lambda name: -float(scores[name].mean()))
    apart = differing([model.settings for model in models.values()])
    return [
        Line(
            name,
            settings={key: models[name].settings.get(key) for key in apart},
            density=models[name].density,
            nll=_mean(-scores[name]),
            above_best=_mean(scores[order[0]] - scores[name]) if place else Estimate(0.0, None),
            values=_values(models[name].density, parts, labels[name]),
            agreement=tuple(adjusted_rand(labels[name], labels[other]) for other in order),
        )
        for place, name in enumerate(order)
    ]


def differing(settings: Sequence[Mapping[str, Plain]]) -> list[str]:
    """The settings that are not the same everywhere, in the order in which they come."""
    keys = dict.fromkeys(key for each in settings for key in each)
    return [key for key in keys if any(each.get(key) != settings[0].get(key) for each in settings)]


def _values(density: Density, parts: Sequence[Rows], labels: Tensor) -> dict[str, Value]:
    true = [block.labels for block in _blocks(parts) if block.labels is not None]
    known = adjusted_rand(labels, torch.cat(true)) if true else None
    found = criteria_of(density, ((block.points, None) for block in _blocks(parts)))
    return {"n_parameters": density.n_parameters, **found._asdict(), "ari": known}


def _blocks(parts: Sequence[Rows]) -> Iterator[Part]:
    for part in parts:
        yield from part.blocks()


def _mean(values: Tensor) -> Estimate:
    return Estimate(float(values.mean()), standard_error(values))
