"""torchgmm, PyCave's heir: the training step of its Lightning module and what follows it, without the trainer."""

from __future__ import annotations

import torch
from torch import Tensor
from torchgmm.bayes.core import cholesky_precision
from torchgmm.bayes.gmm.lightning_module import GaussianMixtureLightningModule
from torchgmm.bayes.gmm.model import GaussianMixtureModel, GaussianMixtureModelConfig

from scripts.benchmarks.passes.one_pass import Outcome, Start


class Torchgmm:
    """A model of one batch, in float64, with nothing added to its covariances."""

    def __init__(self, points: Tensor, start: Start, family: str) -> None:
        self.points, self.start, self.family = points, start, family
        n_components, dim = start.means.shape
        self.model = GaussianMixtureModel(GaussianMixtureModelConfig(n_components, dim, family)).double()
        self.module = GaussianMixtureLightningModule(self.model, 0.0, covariance_regularization=0.0)
        self.module.log = lambda *_, **__: None  # there is no trainer to log to
        for part in self.module.children():
            if hasattr(part, "set_dtype"):  # torchmetrics turn a deaf ear to double()
                part.set_dtype(torch.float64)

    def reset(self) -> None:  # noqa: D102
        weights, means, covariances = self.start
        if self.family == "diag":
            covariances = covariances.diagonal(dim1=-2, dim2=-1)
        self.model.component_probs.copy_(weights)
        self.model.means.copy_(means)
        self.model.precisions_cholesky.copy_(cholesky_precision(covariances, self.family))
        self.module.metric_nll.reset()

    @torch.no_grad()
    def run(self) -> None:  # noqa: D102
        self.module.on_train_epoch_start()
        self.module.nonparametric_training_step(self.points, 0)
        self.module.nonparametric_training_epoch_end()

    def outcome(self) -> Outcome:  # noqa: D102
        covariances = self.model.covariances
        dense = covariances if self.family == "full" else torch.diag_embed(covariances)
        return Outcome(float(self.module.metric_nll.compute()), self.model.component_probs, self.model.means, dense)
