"""Begin at the mixture that a run has left in its folder, or that `GaussianMixture.save` wrote there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mixfit import chosen, portable
from mixfit.errors import InputError
from mixfit.given.given import Given
from mixfit.given.initial import Initial
from mixfit.mixtures.covariances import Covariance
from mixfit.mixtures.operations.parameters import components_in_data_units


@dataclass(frozen=True)
class Run(Given):
    """The weights, means and covariances of a finished run, in the data's units.

    Args:
        folder: of the run, or of a saved model.
    """

    folder: str

    def initial(self, covariance: Covariance) -> Initial:
        """All parameters; raises `InputError` for a folder that holds no model, or one of another K, D or family."""
        density = portable.read(Path(self.folder)).density
        there, here = density.mixture.covariance, f"init.folder={self.folder}"
        if there.n_components != covariance.n_components:
            raise InputError(
                f"{here}: holds {there.n_components} components, and model.n_components={covariance.n_components}; set "
                f"model.n_components={there.n_components}, or name another folder"
            )
        if there.dim != covariance.dim:
            raise InputError(
                f"{here}: holds a mixture of {there.dim} columns, and the points have {covariance.dim}; choose its "
                "columns with data.columns, or name another folder"
            )
        if type(there) is not type(covariance):
            raise InputError(
                f"{here}: holds a mixture of covariance={chosen.name_of_family(type(there))}, and the fit is one of "
                f"covariance={chosen.name_of_family(type(covariance))}; set covariance or optimizer as they were, or "
                "begin at its means: init=parameters init.means=..."
            )
        components = components_in_data_units(density)
        return Initial(components.log_weights.exp(), components.means, components.scale)
