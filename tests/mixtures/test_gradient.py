"""The loss whose value is the likelihood's and whose graph is only Q's: against plain autograd through the data."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.distributions import MixtureSameFamily
from torch.testing import assert_close

from mixfit.mixtures.mixture import Components, Mixture

AsDistribution = Callable[[Components], MixtureSameFamily]
Shapes = list[torch.Size]


def shapes_kept_for_backward(function: Callable[[], Tensor]) -> Shapes:
    kept: Shapes = []

    def pack(tensor: Tensor) -> Tensor:
        kept.append(tensor.shape)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        graph = function()
    for node in nodes_of(graph):
        saved = [getattr(node, attribute) for attribute in dir(node) if attribute.startswith("_saved_")]
        kept += [tensor.shape for tensor in saved if isinstance(tensor, Tensor)]
    return kept


def nodes_of(graph: Tensor) -> list[torch.autograd.graph.Node]:
    assert graph.grad_fn is not None
    found = [graph.grad_fn]
    for node in found:
        found += [parent for parent, _ in node.next_functions if parent is not None and parent not in found]
    return found


def test_the_value_of_the_loss_is_the_mean_negative_log_density(
    mixture: Mixture, points: Tensor, distribution: MixtureSameFamily
) -> None:
    assert_close(mixture.nll(mixture.statistics(points)), -distribution.log_prob(points).mean(), rtol=0, atol=1e-12)


def test_the_gradient_of_every_offset_is_that_of_plain_autograd(
    mixture: Mixture, points: Tensor, distribution: MixtureSameFamily
) -> None:
    offsets = dict(mixture.named_parameters())
    gradients = torch.autograd.grad(mixture.nll(mixture.statistics(points)), list(offsets.values()))
    expected = torch.autograd.grad(-distribution.log_prob(points).mean(), list(offsets.values()))
    assert list(offsets) == ["logit_offset", "mean_offset", "scale_offset"]
    for name, ours, plain in zip(offsets, gradients, expected, strict=True):
        assert_close(ours, plain, rtol=0, atol=1e-8, msg=partial("{}: {}".format, name))


def test_the_gradient_of_given_components_is_that_of_plain_autograd(
    mixture: Mixture, points: Tensor, elsewhere: Components, as_distribution: AsDistribution
) -> None:
    leaves = Components(*(tensor.detach().requires_grad_() for tensor in elsewhere))
    loss = mixture.nll(mixture.statistics(points, components=leaves), leaves)
    plain = -as_distribution(leaves).log_prob(points).mean()
    assert_close(loss, plain, rtol=0, atol=1e-12)
    gradients, expected = torch.autograd.grad(loss, leaves.means), torch.autograd.grad(plain, leaves.means)
    assert_close(gradients[0], expected[0], rtol=0, atol=1e-8)


def test_nothing_of_the_size_of_the_data_is_kept_for_backward(mixture: Mixture, points: Tensor) -> None:
    n_points = len(points)  # more than K·D², the largest that may be kept
    kept = shapes_kept_for_backward(lambda: mixture.nll(mixture.statistics(points)))
    assert kept
    assert max(shape.numel() for shape in kept) < n_points
    plainly = shapes_kept_for_backward(lambda: mixture.log_density(points).mean())
    assert max(shape.numel() for shape in plainly) >= n_points  # the same measure sees what plain autograd keeps


def test_the_expected_log_likelihood_is_the_weighted_sum_of_log_densities_anywhere(
    mixture: Mixture, points: Tensor, elsewhere: Components, as_distribution: AsDistribution
) -> None:
    there = as_distribution(elsewhere)
    log_joint = elsewhere.log_weights + there.component_distribution.log_prob(points[:, None])
    expected = (mixture.responsibilities(points).detach() * log_joint).sum()
    actual = mixture.expected_log_likelihood(mixture.statistics(points), elsewhere)
    assert_close(actual, expected, rtol=1e-12, atol=1e-10)


def test_the_likelihood_is_the_expected_one_plus_the_entropy_of_the_responsibilities(
    mixture: Mixture, points: Tensor
) -> None:
    statistics = mixture.statistics(points)
    entropy = torch.special.entr(mixture.responsibilities(points)).sum()
    expected = mixture.expected_log_likelihood(statistics) + entropy
    assert_close(statistics.log_likelihood, expected.detach(), rtol=1e-12, atol=1e-10)
