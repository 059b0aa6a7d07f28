"""What every test shares: float64, one thread, and the choices that the configuration offers.

A fixture over a configuration group runs its test once for every YAML file, so a new family, initializer or optimizer
is tested as soon as its file exists.
"""

import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra.utils import get_object
from omegaconf import OmegaConf

from mixfit.catalogue import parts
from mixfit.chosen import draws
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.initializers.initializer import Initializer

CONFIGS = Path(__file__).resolve().parents[1] / "configs"


def choices(group: str) -> list[Path]:
    return sorted((CONFIGS / group).glob("*.yaml"))


@cache
def options_of(choice: Path) -> dict[str, Any]:
    """The keys of a YAML file, with `_target_` as the object that it names."""
    options = OmegaConf.to_container(OmegaConf.load(choice))
    assert isinstance(options, dict)
    return {str(key): value for key, value in options.items()} | {"_target_": get_object(options["_target_"])}


def name(choice: Path) -> str:
    return choice.stem


@pytest.fixture(scope="session", autouse=True)
def signals_as_in_a_terminal() -> None:
    """`nohup` and a shell's background ignore signals, and what a test starts would ignore them too."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=[choice for choice in choices("covariance") if choice.stem in parts("covariance")], ids=name)
def family(request: pytest.FixtureRequest) -> type[Covariance]:
    chosen: type[Covariance] = options_of(request.param)["_target_"]
    return chosen


@pytest.fixture(params=[choice for choice in choices("init") if draws(choice.stem)], ids=name)
def initializer(request: pytest.FixtureRequest) -> Initializer:
    chosen: Initializer = options_of(request.param)["_target_"]
    return chosen


@pytest.fixture(params=choices("optimizer"), ids=name)
def optimizer_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    return options_of(request.param)
