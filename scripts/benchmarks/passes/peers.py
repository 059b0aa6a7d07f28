"""Who else can make a pass: found by asking what is installed. The extra `bench` installs all of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from torch import Tensor

from scripts.benchmarks.passes.one_pass import OnePass, Start

Maker = Callable[[Tensor, Start, str], OnePass]

PEERS = {
    "pomegranate": "with_pomegranate.Pomegranate",
    "torchgmm": "with_torchgmm.Torchgmm",
    "tgmm": "with_tgmm.Tgmm",
}
"""Packages, and what makes their pass, as file and class."""


def installed() -> dict[str, Maker]:
    """The makers of those that are here, by the name of the package."""
    return {package: _maker(place) for package, place in PEERS.items() if find_spec(package)}


def _maker(place: str) -> Maker:
    module, _, name = place.partition(".")
    maker: Maker = getattr(import_module(f"scripts.benchmarks.passes.{module}"), name)
    return maker
