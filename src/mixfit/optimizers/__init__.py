"""Ways to fit a mixture. Every one is a `torch.optim.Optimizer`, and all of them are fed the same statistics.

Torch's own optimizers step along the gradient that a pass of statistics gives; `EM` and `KMeans` jump to the maximum
of the expected log-likelihood under the same statistics. `stopping` says when either kind has converged.
"""

from mixfit.optimizers.closed_form import ClosedForm
from mixfit.optimizers.closed_form_fitter import ClosedFormFitter
from mixfit.optimizers.em import EM
from mixfit.optimizers.fitter import Fitter, Pass, Seen
from mixfit.optimizers.gradient_fitter import GradientFitter
from mixfit.optimizers.kmeans import KMeans
from mixfit.optimizers.stopping import Aitken, Never, Plateau, Stopping, Verdict

__all__ = [
    "EM",
    "Aitken",
    "ClosedForm",
    "ClosedFormFitter",
    "Fitter",
    "GradientFitter",
    "KMeans",
    "Never",
    "Pass",
    "Plateau",
    "Seen",
    "Stopping",
    "Verdict",
]
