"""What a given start must say."""

from __future__ import annotations

from abc import ABC, abstractmethod

from mixfit.given.initial import Initial
from mixfit.mixtures.covariances import Covariance


class Given(ABC):
    """A start from the configuration; its arguments are the keys of `init`."""

    @abstractmethod
    def initial(self, covariance: Covariance) -> Initial:
        """The parameters to begin at, for a family that knows K and D; raises `InputError` if they do not fit it."""
