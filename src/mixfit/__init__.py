"""mixfit: a config-driven laboratory for mixture densities.

`MixtureModule` and `MixtureDataModule` work in any Lightning `Trainer`. They are imported when first asked for: torch
and Lightning take seconds, and a command line that only prints its help needs neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mixfit.data.module import MixtureDataModule
    from mixfit.module import MixtureModule

__all__ = ["MixtureDataModule", "MixtureModule"]


def __getattr__(name: str) -> object:
    if name == "MixtureModule":
        from mixfit.module import MixtureModule

        return MixtureModule
    if name == "MixtureDataModule":
        from mixfit.data.module import MixtureDataModule

        return MixtureDataModule
    raise AttributeError(f"module 'mixfit' has no attribute {name!r}")
