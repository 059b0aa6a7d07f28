"""mixfit: a config-driven laboratory for mixture densities.

`GaussianMixture` is a scikit-learn estimator, and `load` gives one back from a run's folder; `FitWarning` is what it
warns with. `MixtureModule` and `MixtureDataModule` work in any Lightning `Trainer`. All are imported when first asked
for: torch and Lightning take seconds, and a command line that only prints its help needs neither.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mixfit.data.module import MixtureDataModule
    from mixfit.errors import FitWarning
    from mixfit.estimator.gaussian_mixture import GaussianMixture
    from mixfit.estimator.loading import load
    from mixfit.module import MixtureModule

__all__ = ["FitWarning", "GaussianMixture", "MixtureDataModule", "MixtureModule", "load"]

HOMES = {
    "FitWarning": "mixfit.errors",
    "GaussianMixture": "mixfit.estimator.gaussian_mixture",
    "MixtureDataModule": "mixfit.data.module",
    "MixtureModule": "mixfit.module",
    "load": "mixfit.estimator.loading",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module 'mixfit' has no attribute {name!r}")
    found = getattr(import_module(HOMES[name]), name)
    globals()[name] = found  # the next time it is simply there
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
