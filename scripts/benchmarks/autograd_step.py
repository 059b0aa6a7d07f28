"""A step of Adam as one writes it down first: torch's own mixture, and autograd through its log-density."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from mixfit.mixtures.mixture import Mixture

AGREE = 1e-9
"""Largest difference of the two NLLs at the start, relative."""


class AutogradStep:
    """Logits, means and Cholesky factors that begin at a mixture with full covariances.

    Raises:
        RuntimeError: torch's NLL of the points is not the mixture's.
    """

    def __init__(self, mixture: Mixture, points: Tensor) -> None:
        self.points = points
        start = (tensor.detach().clone() for tensor in mixture.components)
        self.parameters = [tensor.requires_grad_() for tensor in start]
        self.optimizer = torch.optim.Adam(self.parameters, lr=1e-3, fused=True)
        ours, theirs = float(mixture.statistics(points).nll), self.nll().item()
        if not abs(ours - theirs) <= AGREE * max(1.0, abs(theirs)):
            raise RuntimeError(f"the mixture's NLL is {ours:.12g}, and torch says {theirs:.12g}; nothing can be timed")

    def nll(self) -> Tensor:
        """Per point, in nats, ()."""
        logits, means, factors = self.parameters
        normals = MultivariateNormal(means, scale_tril=factors, validate_args=False)
        mixture = MixtureSameFamily(Categorical(logits=logits, validate_args=False), normals, validate_args=False)
        return -mixture.log_prob(self.points).mean()

    def step(self) -> None:
        """The NLL, its gradient, and Adam's step."""
        self.optimizer.zero_grad()
        self.nll().backward()
        self.optimizer.step()
