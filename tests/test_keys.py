"""Is the list of keys complete, and does it accept and refuse what the parts themselves accept and refuse?"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, isfinite, nan, nextafter
from typing import Any

import pytest
import torch
from hydra.utils import get_object
from omegaconf import OmegaConf
from pytorch_lightning.accelerators import AcceleratorRegistry

from mixfit.data.bimodal import Bimodal
from mixfit.data.dataset import generator
from mixfit.data.gaussians import SHAPES, Gaussians
from mixfit.data.mixgen import Mixgen
from mixfit.data.mixsim import Mixsim
from mixfit.data.old_faithful import OldFaithful
from mixfit.errors import InputError
from mixfit.keys import KEYS, LARGEST_SEED, refusal
from mixfit.kinds import Number, Several, Words
from mixfit.module import DTYPES
from tests.running import CONFIGS, choices

GROUPS = ["data", "covariance", "init", "moves", "optimizer", "trainer"]
SMALL = {"n_samples": 20, "n_val": 5, "n_test": 5}
SOURCES = {"bimodal": Bimodal, "gaussians": Gaussians, "mixgen": Mixgen, "mixsim": Mixsim, "old_faithful": OldFaithful}
OFFSETS = [torch.nn.Parameter(torch.zeros(2))]


def options(group: str, choice: str) -> dict[str, Any]:
    """A YAML file's keys and values, as Hydra reads them."""
    loaded = OmegaConf.to_container(OmegaConf.load(CONFIGS / group / f"{choice}.yaml"))
    assert isinstance(loaded, dict)
    return {str(key): value for key, value in loaded.items()}


def defaults() -> Iterator[tuple[str, Any]]:
    """Every key of every YAML file, dotted, with its default."""
    top: Any = OmegaConf.to_container(OmegaConf.load(CONFIGS / "train.yaml"))
    yield from ((f"model.{key}", value) for key, value in top.pop("model").items())
    yield from ((key, value) for key, value in top.items() if key not in ("defaults", "hydra"))
    for group in GROUPS:
        for choice in choices(group):
            yield from ((f"{group}.{key}", value) for key, value in options(group, choice).items())


def ends(number: Number) -> list[float]:
    """The smallest and the largest number that a kind accepts, where there is one."""
    lowest = number.least if isfinite(number.least) else nextafter(number.above, inf)
    highest = number.most if isfinite(number.most) else nextafter(number.below, -inf)
    return [end for end in (lowest, highest) if isfinite(end) and abs(end) < 1e300]


def numbers(group: str, names: list[str]) -> list[tuple[str, str, float]]:
    """Choices of a group, their options that are numbers, and the ends of what these accept."""
    keys = [(choice, key) for choice in names for key in options(group, choice) if key != "_target_"]
    kinds = [(choice, key, KEYS[f"{group}.{key}"].kind) for choice, key in keys]
    return [(choice, key, end) for choice, key, kind in kinds if isinstance(kind, Number) for end in ends(kind)]


def test_every_key_of_every_file_is_in_the_list_and_every_entry_is_somewhere_a_key() -> None:
    assert {key for key, _ in defaults() if not key.endswith("._target_")} == set(KEYS)


def test_every_default_fits_its_key() -> None:
    found = [refusal(key, value) for key, value in defaults() if value != "???" and refusal(key, value)]
    assert found == []


def test_every_meaning_is_one_line_of_its_own() -> None:
    meanings = [key.meaning for key in KEYS.values()]
    assert len(set(meanings)) == len(meanings)
    assert [text for text in meanings if not 5 < len(text) < 100 or "\n" in text or text.endswith(".")] == []


@pytest.mark.parametrize("key", [key for key, entry in KEYS.items() if isinstance(entry.kind, Number)])
def test_what_is_no_finite_number_is_none_for_any_key(key: str) -> None:
    strangers: list[object] = [nan, inf, -inf, True, "three", "3", [3], {}]
    assert all(refusal(key, stranger) for stranger in strangers)


@pytest.mark.parametrize("key", [key for key, entry in KEYS.items() if isinstance(entry.kind, Number)])
def test_a_range_ends_where_it_says(key: str) -> None:
    kind = KEYS[key].kind
    assert isinstance(kind, Number)
    step = 1 if kind.whole else 0.25
    for bound, inside in ((kind.least, True), (kind.most, True), (kind.above, False), (kind.below, False)):
        if isfinite(bound):
            assert (refusal(key, bound) is None) == inside
            outward = -step if bound in (kind.least, kind.above) else step
            assert refusal(key, bound + outward) is not None
    assert (refusal(key, None) is None) == (KEYS[key].null is not None)


@pytest.mark.parametrize(
    ("choice", "key", "end"),
    numbers("optimizer", [name for name in choices("optimizer") if name not in ("em", "kmeans")]),
)
def test_torchs_optimizers_accept_the_ends_of_every_range(choice: str, key: str, end: float) -> None:
    given = options("optimizer", choice)
    target = get_object(given.pop("_target_"))
    stopping = {"tolerance", "patience", "n_cuts", "cut"}
    if key not in stopping:
        known = {name: value for name, value in given.items() if name not in stopping}
        assert target(OFFSETS, **{**known, key: end}).param_groups[0][key] == end


@pytest.mark.parametrize(
    ("choice", "key", "value"),
    [
        ("adam", "lr", -0.1),
        ("adam", "eps", -0.1),
        ("adam", "betas", [0.9, 1.0]),
        ("adam", "betas", [-0.1, 0.9]),
        ("adamw", "weight_decay", -0.1),
        ("sgd", "momentum", -0.1),
        ("rmsprop", "alpha", -0.1),
        ("lbfgs", "lr", -0.1),
    ],
)
def test_what_torchs_optimizers_refuse_is_refused_before(choice: str, key: str, value: Any) -> None:
    assert refusal(f"optimizer.{key}", value) is not None
    with pytest.raises(ValueError, match="Invalid"):
        get_object(options("optimizer", choice)["_target_"])(OFFSETS, **{key: value})


@pytest.mark.parametrize(("choice", "key", "end"), numbers("data", list(SOURCES)))
def test_sources_accept_the_ends_of_every_range(choice: str, key: str, end: float) -> None:
    if key == "batch_size":
        return
    sizes = {name: size for name, size in SMALL.items() if name in options("data", choice)}
    value = min(end, 0.5) if key.endswith("fraction") else end  # some points must be left to fit
    others: dict[str, Any] = {}
    if choice == "mixsim":  # whose keys bound each other
        value = {"n_components": 2, "least_weight": min(end, 1 / 3)}.get(key, value)
        others = {"family": "tied"} if "overlap" in key else {}  # no other overlaps fully
        others |= {"overlap": None} if key == "max_overlap" else {}
    given = {**sizes, **others, key: int(value) if isinstance(end, int) else value}
    dataset = SOURCES[choice](**given).load(0)
    assert dataset.train.points.isfinite().all()


@pytest.mark.parametrize(
    ("choice", "key", "value"),
    [
        ("bimodal", "n_samples", 0),
        ("bimodal", "n_val", -1),
        ("bimodal", "n_test", -1),
        ("bimodal", "standard_deviations", [0.0, 1.0]),
        ("gaussians", "dim", 0),
        ("gaussians", "n_components", 0),
        ("gaussians", "separation", -0.1),
        ("gaussians", "separation", inf),
        ("gaussians", "eccentricity", 0.9),
        ("gaussians", "eccentricity", inf),
        ("gaussians", "weights", [1.0, 0.0, 1.0]),
        ("gaussians", "family", "round"),
        ("mixgen", "dim", 0),
        ("mixgen", "n_components", 0),
        ("mixgen", "separation", -0.1),
        ("mixgen", "eccentricity", 0.9),
        ("mixsim", "dim", 0),
        ("mixsim", "n_components", 0),
        ("mixsim", "overlap", 0.0),
        ("mixsim", "overlap", 1.0),
        ("mixsim", "max_overlap", 1.0),
        ("mixsim", "eccentricity", 0.9),
        ("mixsim", "least_weight", 0.0),
        ("mixsim", "family", "round"),
        ("old_faithful", "val_fraction", 1.0),
        ("old_faithful", "test_fraction", -0.1),
    ],
)
def test_what_a_source_refuses_is_refused_before(choice: str, key: str, value: Any) -> None:
    assert refusal(f"data.{key}", value) is not None
    with pytest.raises(InputError, match=key):
        SOURCES[choice](**{key: value}).load(0)


def test_the_closed_lists_are_those_of_the_parts_that_read_them() -> None:
    words = {key: entry.kind.words for key, entry in KEYS.items() if isinstance(entry.kind, Words)}
    assert set(words["data.family"]) == set(SHAPES)
    assert set(words["trainer.precision"]) == set(DTYPES)
    assert set(words["trainer.accelerator"]) - {"auto", "gpu"} <= set(AcceleratorRegistry.available_accelerators())


def test_the_largest_seed_has_all_its_streams() -> None:
    assert generator(LARGEST_SEED, 7).initial_seed() == 8 * LARGEST_SEED + 7


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("model.n_components", 1000.0, "write 1000"),
        ("model.n_components", "3", "write 3 without quotes"),
        ("optimizer.lr", "1e-3", "write 0.001"),
        ("optimizer.fused", "no", "write false"),
        ("data.columns", "a", "write [a]"),
        ("data.label", "None", "a column's name"),
        ("data.batch_size", "None", "write null"),
        ("trainer.accelerator", "CUDA", "did you mean cuda?"),
    ],
)
def test_a_refusal_says_what_to_write_instead(key: str, value: object, hint: str) -> None:
    assert hint in f"{refusal(key, value)} {KEYS[key]}"


def test_a_list_of_any_length_holds_what_each_of_its_places_may_hold() -> None:
    kind = Several(Number(above=0))
    assert [kind.holds(value) for value in ([1], [1, 0.5], [], [0], [1, None], 1, (1,))] == [True, True, *[False] * 5]
