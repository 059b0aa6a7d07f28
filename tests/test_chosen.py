"""Does the name of a choice lead to the part that its YAML file names?"""

from __future__ import annotations

import pytest
import torch

from mixfit import chosen
from mixfit.errors import InputError
from mixfit.mixtures.covariances import Full, Spherical
from mixfit.mixtures.covariances.diag import Diag
from mixfit.mixtures.initializers.kmeans_plusplus import kmeans_plusplus
from mixfit.mixtures.mixture import Mixture
from mixfit.optimizers import EM, Aitken, KMeans, Plateau
from tests.running import choices, families


def test_a_family_goes_by_its_name() -> None:
    assert chosen.family("full") is Full
    assert chosen.family("diag") is Diag


@pytest.mark.parametrize("name", families())
def test_the_name_of_a_family_is_the_one_that_chooses_it(name: str) -> None:
    assert chosen.name_of_family(chosen.family(name)) == name


def test_a_family_without_a_file_has_no_name() -> None:
    class Unlisted(Spherical):
        pass

    with pytest.raises(InputError, match="Unlisted has no file"):
        chosen.name_of_family(Unlisted)


def test_an_initializer_goes_by_its_name() -> None:
    assert chosen.initializer("kmeans_plusplus") is kmeans_plusplus


def test_an_optimizer_takes_what_differs_from_its_defaults() -> None:
    make, stopping, family = chosen.optimizer("sgd", {"lr": 0.25, "patience": 3})
    (group,) = make(Mixture(Full(2, 1))).param_groups
    assert (group["lr"], family) == (0.25, None)
    assert isinstance(stopping, Plateau)
    assert stopping.patience == 3


def test_a_closed_form_stops_by_aitken_and_may_insist_on_a_family() -> None:
    make, stopping, family = chosen.optimizer("em", {"tolerance": 0.0})
    assert (make, family) == (EM, None)
    assert isinstance(stopping, Aitken)
    assert stopping.tolerance == 0.0
    assert chosen.optimizer("kmeans", {})[::2] == (KMeans, KMeans.family)


def test_two_optimizers_of_one_name_share_no_state() -> None:
    first, second = (chosen.optimizer("adam", {})[1] for _ in range(2))
    first.update(1.0)
    assert first.state_dict() != second.state_dict()


@pytest.mark.parametrize("name", choices("optimizer"))
def test_every_optimizer_can_be_made_by_name(name: str) -> None:
    assert isinstance(chosen.optimizer(name, {})[0](Mixture(Full(2, 1))), torch.optim.Optimizer)


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda: chosen.family("ful"), r"covariance=ful.*did you mean full\?"),
        (lambda: chosen.initializer("kmean"), r"init=kmean: .*did you mean kmeans\?"),
        (lambda: chosen.optimizer("adamm", {}), r"optimizer=adamm.*did you mean adam\?"),
        (lambda: chosen.optimizer("adam", {"momentun": 1}), r"optimizer\.momentun: optimizer=adam has no such option"),
        (lambda: chosen.optimizer("sgd", {"momentun": 0.5}), r"did you mean momentum\?"),
        (lambda: chosen.optimizer("adam", {"lr": -1}), r"optimizer\.lr=-1: expected a number above 0"),
        (lambda: chosen.optimizer("em", {"_target_": "os.system"}), "_target_"),
    ],
)
def test_a_mistake_is_named(mistake: object, words: str) -> None:
    assert callable(mistake)
    with pytest.raises(InputError, match=words):
        mistake()
