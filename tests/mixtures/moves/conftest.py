"""Every move there is."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from mixfit.mixtures import moves
from mixfit.mixtures.moves import Move


def names() -> list[str]:
    """Every file of the package that has a function of its own name."""
    found = sorted(path.stem for path in Path(moves.__path__[0]).glob("*.py") if path.stem != "__init__")
    return [name for name in found if hasattr(import_module(f"{moves.__name__}.{name}"), name)]


@pytest.fixture(params=names())
def move(request: pytest.FixtureRequest) -> Move:
    chosen: Move = getattr(import_module(f"{moves.__name__}.{request.param}"), request.param)
    return chosen
