"""A sweep in TensorBoard, as a person meets it: the pages in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from mixfit.tracking.tensorboard import CHARTS
from tests.browsing import chromium, dashboard, texts_when
from tests.running import train

OPTIMIZERS = ("em", "kmeans")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep")
    sizes = ("data.n_samples=60", "data.n_val=60", "data.n_test=60")
    assert (
        train(folder, "-m", f"optimizer={','.join(OPTIMIZERS)}", "model.n_components=1,2", "seed=0,1", *sizes).status
        == 0
    )
    return folder


@pytest.fixture(scope="module")
def address(sweep: Path) -> Iterator[str]:
    with dashboard(sweep) as address:
        yield address


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    with chromium(tmp_path / "profile") as driver:
        yield driver


@pytest.fixture
def runs(sweep: Path) -> set[str]:
    names = {path.parent.name for path in sweep.glob("*/metrics.json")}
    assert len(names) == 8
    return names


def page(address: str, tab: str) -> str:
    return f"{address}/?forceSVG=true#{tab}"  # without SVG, lines may be missing in a browser without a screen


def test_the_time_series_show_every_run_and_its_curves(browser: Chrome, address: str, runs: set[str]) -> None:
    browser.get(page(address, "timeseries"))
    texts_when(browser, lambda shown: {*runs, "aic", "ari", "bic"} <= set(shown))


def test_the_images_show_the_density_of_every_run(browser: Chrome, address: str, runs: set[str]) -> None:
    browser.get(page(address, "images"))
    cards = {(run, "tag:", "density") for run in runs}
    texts_when(browser, lambda shown: cards <= set(zip(shown, shown[1:], shown[2:], strict=False)))


def test_hparams_have_a_column_for_each_swept_key_and_each_metric(
    browser: Chrome, address: str, sweep: Path, runs: set[str]
) -> None:
    browser.get(page(address, "hparams"))
    rows = {f"{re.sub('_seed-[0-9]', '', run)} ({sweep.name})" for run in runs}  # the seeds of a combination share one
    assert len(rows) == 4
    shown = texts_when(browser, lambda shown: rows <= set(shown))
    table = shown[shown.index("Trial ID") :]
    assert table[1:5] == ["Show Metrics", "model.n_components", "optimizer", "aic"]
    assert {"bic", "nll/test", "seconds/fit"} <= set(shown[shown.index("Metrics") :])
    assert "hp_metric" not in shown


def test_the_custom_scalars_lay_train_validation_and_truth_over_each_other(browser: Chrome, address: str) -> None:
    browser.get(page(address, "custom_scalars"))
    texts_when(browser, lambda shown: set(CHARTS["fit"]) <= set(shown))
