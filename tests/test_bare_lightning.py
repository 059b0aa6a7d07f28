"""Do the module and the data module work in anybody's Lightning trainer, without a configuration?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_lightning import LightningDataModule, Trainer

import mixfit
from mixfit.data.bimodal import Bimodal
from mixfit.errors import InputError
from mixfit.mixtures.covariances import Diag
from mixfit.optimizers import EM, Aitken

pytestmark = [  # Lightning's own, about torch and about which of two hooks it calls
    pytest.mark.filterwarnings("ignore:.*treespec, LeafSpec:FutureWarning"),
    pytest.mark.filterwarnings("ignore:You have overridden `on_before_batch_transfer`:UserWarning"),
]

SOURCE = Bimodal(n_val=1000, n_test=1000)


def trainer(folder: Path, **options: Any) -> Trainer:
    """As few options as a quiet test can do with."""
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return Trainer(default_root_dir=folder, accelerator="cpu", **quiet | options)


def parameters(module: mixfit.MixtureModule) -> list[float]:
    """Weights, means and standard deviations, by increasing mean."""
    density = module.density
    order = density.means[:, 0].argsort()
    columns = (density.weights, density.means[:, 0], density.covariances[:, 0, 0].sqrt())
    return torch.cat([column[order] for column in columns]).tolist()


def test_a_module_fits_a_data_module_by_gradient(tmp_path: Path) -> None:
    module = mixfit.MixtureModule(n_components=2)
    trainer(tmp_path, max_epochs=500).fit(module, mixfit.MixtureDataModule(SOURCE))
    assert parameters(module) == pytest.approx([0.5, 0.5, -2, 2, 0.5, 0.5], abs=0.05)
    assert module.converged


def test_a_module_fits_a_data_module_by_em(tmp_path: Path) -> None:
    module = mixfit.MixtureModule(n_components=2, optimizer=EM, stopping=Aitken())
    trainer(tmp_path, max_epochs=100, precision="64-true").fit(module, mixfit.MixtureDataModule(SOURCE))
    points = SOURCE.load(0).train.points[:, 0].numpy()
    halves = points[points < 0], points[points > 0]
    expected = [0.5, 0.5, *(half.mean() for half in halves), *(half.std() for half in halves)]
    assert parameters(module) == pytest.approx(expected, abs=1e-3)
    assert module.converged
    assert module.passes < 10


def test_em_needs_no_stopping_rule_of_its_own(tmp_path: Path) -> None:
    module = mixfit.MixtureModule(n_components=2, optimizer=EM)
    trainer(tmp_path, max_epochs=100).fit(module, mixfit.MixtureDataModule(SOURCE))
    assert parameters(module) == pytest.approx([0.5, 0.5, -2, 2, 0.5, 0.5], abs=0.05)


def test_epochs_are_the_cap_of_a_bare_trainer(tmp_path: Path) -> None:
    module = mixfit.MixtureModule(n_components=2)
    trainer(tmp_path, max_epochs=3).fit(module, mixfit.MixtureDataModule(SOURCE))
    assert module.passes == 3
    assert not module.converged


def test_test_reports_the_negative_log_likelihood(tmp_path: Path) -> None:
    module, datamodule = mixfit.MixtureModule(optimizer=EM, stopping=Aitken()), mixfit.MixtureDataModule(SOURCE)
    bare = trainer(tmp_path, max_epochs=100, precision="64-true")
    bare.fit(module, datamodule)
    (reported,) = bare.test(module, datamodule, verbose=False)
    assert reported["nll/test"] == pytest.approx(module.density.nll(SOURCE.load(0).test.points), abs=1e-10)


def test_a_fitted_module_is_a_log_density(tmp_path: Path) -> None:
    module = mixfit.MixtureModule(covariance=Diag, optimizer=EM, stopping=Aitken())
    trainer(tmp_path, max_epochs=100, precision="64-true").fit(module, mixfit.MixtureDataModule(SOURCE))
    grid = torch.linspace(-8, 8, 4001, dtype=torch.float64)[:, None]
    mass = np.trapezoid(module(grid).exp().detach().numpy(), grid[:, 0].numpy())
    assert mass == pytest.approx(1, abs=1e-6)


def test_a_module_refuses_other_data_modules_in_plain_words(tmp_path: Path) -> None:
    class Other(LightningDataModule):
        def train_dataloader(self) -> list[torch.Tensor]:
            return [torch.zeros(10, 1)]

        val_dataloader = train_dataloader

    with pytest.raises(InputError, match="MixtureDataModule"):
        trainer(tmp_path, max_epochs=1).fit(mixfit.MixtureModule(), Other())


def test_a_module_refuses_no_components_without_any_configuration(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="n_components=0"):
        trainer(tmp_path, max_epochs=1).fit(mixfit.MixtureModule(n_components=0), mixfit.MixtureDataModule(SOURCE))
