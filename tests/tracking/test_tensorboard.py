"""The event file of a run, as TensorBoard itself reads it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
from PIL import Image
from pytorch_lightning import Callback, LightningModule, Trainer
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS

from mixfit import MixtureDataModule, MixtureModule
from mixfit.data.bimodal import Bimodal
from mixfit.tracking.event_file import EventFile, session_start
from mixfit.tracking.metrics import Value
from mixfit.tracking.tensorboard import TensorBoard
from tests.browsing import answer, dashboard
from tests.running import metrics_in, refusal, run_experiment, train

TINY = ("data.n_samples=60", "data.n_val=60", "data.n_test=60", "trainer.max_epochs=3")
pytestmark = pytest.mark.filterwarnings("ignore:.*treespec, LeafSpec:FutureWarning")  # Lightning's own

STATUSES = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]


class Breaks(Callback):
    """An error in the middle of a fit."""

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        raise ZeroDivisionError


def events_of(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0, "tensors": 0}).Reload()


def status_of(folder: Path) -> int:
    content = events_of(folder).SummaryMetadata(metadata.SESSION_END_INFO_TAG).plugin_data.content
    status: int = metadata.parse_session_end_info_plugin_data(content).status
    return status


def broken_fit(folder: Path) -> None:
    source = Bimodal(n_samples=60, n_val=60, n_test=60)
    board = TensorBoard(folder, "seed: 0", None, {"optimizer": "adam"}, "adam")
    trainer = pl.Trainer(
        max_epochs=3,
        precision="64-true",
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[board, Breaks()],
    )
    with pytest.raises(ZeroDivisionError):
        trainer.fit(MixtureModule(), MixtureDataModule(source))


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sweeps of twelve runs in one folder: only SGD has a momentum, and EM is tried with two families."""
    folder = tmp_path_factory.mktemp("sweep")
    seeds = ("model.n_components=1,2", "seed=0,1,2")
    assert train(folder, "-m", "optimizer=sgd", "optimizer.momentum=0.5,0.9", *seeds, *TINY).status == 0
    assert train(folder, "-m", "optimizer=em", "covariance=full,diag", *seeds, *TINY).status == 0
    return folder


@pytest.fixture(scope="module")
def server(sweep: Path) -> Iterator[str]:
    with dashboard(sweep) as address:
        yield f"{address}/data/plugin/hparams"


@pytest.fixture(scope="module")
def groups(server: str) -> list[dict[str, Any]]:
    question = {"experimentName": "", "allowedStatuses": STATUSES, "colParams": [], "startIndex": 0, "sliceSize": 100}
    found: list[dict[str, Any]] = answer(f"{server}/session_groups", question)["sessionGroups"]
    return found


def test_sweeps_with_different_keys_share_a_table_of_all_their_keys_and_no_others(server: str) -> None:
    columns = answer(f"{server}/experiment", {"experimentName": "", "includeMetrics": True})["hparamInfos"]
    assert [column["name"] for column in columns] == ["covariance", "model.n_components", "optimizer.momentum"]


def test_seeds_are_folded_and_a_key_that_a_run_lacks_stays_blank(groups: list[dict[str, Any]]) -> None:
    shown = {tuple(sorted(group["hparams"].items())): len(group["sessions"]) for group in groups}
    sgd = [
        (("model.n_components", k), ("optimizer.momentum", momentum))
        for k, momentum in itertools.product((1.0, 2.0), (0.5, 0.9))
    ]
    em = [
        (("covariance", family), ("model.n_components", k))
        for family, k in itertools.product(("full", "diag"), (1.0, 2.0))
    ]
    assert shown == dict.fromkeys([*sgd, *em], 3)


def test_every_number_of_every_run_is_a_metric_of_the_same_name(groups: list[dict[str, Any]], sweep: Path) -> None:
    sessions = [session for group in groups for session in group["sessions"]]
    assert len(sessions) == 24
    for session in sessions:
        assert session["status"] == "STATUS_SUCCESS"
        metrics = {metric["name"]["tag"]: metric["value"] for metric in session["metricValues"]}
        numbers = {
            name: float(value)
            for name, value in metrics_in(sweep / session["name"]).items()
            if isinstance(value, (bool, int, float))
        }
        assert len(numbers) > 15
        assert {name: metrics.get(name) for name in numbers} == pytest.approx(numbers, rel=1e-6)
        assert "hp_metric" not in metrics


def test_values_keep_their_types_and_null_is_left_out() -> None:
    values: dict[str, Value] = {"a": True, "b": 3, "c": 0.5, "d": "diag", "e": None}
    content = session_start(values, "group").value[0].metadata.plugin_data.content
    info = metadata.parse_session_start_info_plugin_data(content)
    assert {
        key: (value.WhichOneof("kind"), getattr(value, value.WhichOneof("kind"))) for key, value in info.hparams.items()
    } == {
        "a": ("bool_value", True),
        "b": ("number_value", 3.0),
        "c": ("number_value", 0.5),
        "d": ("string_value", "diag"),
    }
    assert info.group_name == "group"


def test_the_last_point_of_a_curve_is_the_value_at_the_best_checkpoint(tmp_path: Path) -> None:
    few = ("data.n_samples=20", "data.n_val=500", "model.n_components=4", "seed=1")
    far = ("init=random", "moves=none", "init.n_passes=0")
    numbers = run_experiment(tmp_path, "optimizer=sgd", *few, *far)
    assert numbers["passes/best"] < numbers["passes"]  # so the curve's own last point would be another
    events = events_of(tmp_path)
    for name in ("nll/train", "nll/val"):
        last = events.Scalars(name)[-1]
        assert (last.step, last.value) == (round(numbers["passes"]), pytest.approx(numbers[name], rel=1e-6))


FEW_EACH = ["data=galaxies", "data.val_fraction=0", "data.test_fraction=0", "model.n_components=9", "seed=1"]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("steps_undone", ["optimizer=sgd", "optimizer.lr=1e9"]),
        ("components_reseeded", [*FEW_EACH, "moves=none", "init.n_passes=0"]),
    ],
)
def test_what_was_mended_during_a_fit_is_an_event_and_a_line_of_the_log(
    name: str, given: list[str], tmp_path: Path
) -> None:
    n_times = run_experiment(tmp_path / "run", *given, "trainer=cpu")[name]
    assert n_times > 0
    assert events_of(tmp_path / "run").Scalars(name)[-1].value == n_times
    words = {"steps_undone": "is undone, rate times", "components_reseeded": "begin anew where the density is poorest"}
    assert words[name] in (tmp_path / "run" / "run.log").read_text()


def test_pictures_step_from_the_start_of_the_fit_to_its_end(tmp_path: Path) -> None:
    numbers = run_experiment(tmp_path, *TINY)
    events = events_of(tmp_path)
    density, report = events.Images("density"), events.Images("report")
    assert (density[0].step, density[-1].step) == (0, numbers["passes"])
    assert len({(picture.width, picture.height) for picture in density}) == 1
    assert density[0].encoded_image_string != density[-1].encoded_image_string
    assert [picture.encoded_image_string for picture in report] == [(tmp_path / "report.png").read_bytes()]
    with Image.open(tmp_path / "report.png") as picture:
        assert (report[0].width, report[0].height) == picture.size


def test_the_text_tab_has_the_configuration_and_the_environment(tmp_path: Path) -> None:
    run_experiment(tmp_path, *TINY, "seed=7")
    events = events_of(tmp_path)
    config, environment = (
        events.Tensors(f"{name}/text_summary")[0].tensor_proto.string_val[0].decode()
        for name in ("config", "environment")
    )
    assert "\nseed: 7\n" in config
    for line in ("| precision | 64-true |", "| device | cpu |", "| seed | 7 |"):
        assert line in environment.splitlines()


def test_a_run_that_breaks_is_a_failure(tmp_path: Path) -> None:
    broken_fit(tmp_path)
    assert status_of(tmp_path) == STATUS_FAILURE


def test_a_run_that_cannot_be_recorded_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("mixfit.experiment.record", full)
    with pytest.raises(OSError, match="no space"):
        train(tmp_path, *TINY)
    assert status_of(tmp_path) == STATUS_FAILURE


def test_a_run_that_is_refused_before_its_fit_is_a_failure(tmp_path: Path) -> None:
    refusal(tmp_path, "data=file", f"data.path={tmp_path / 'nowhere.csv'}")
    assert status_of(tmp_path) == STATUS_FAILURE


def test_a_run_that_goes_on_has_the_status_of_its_last_end(tmp_path: Path) -> None:
    broken_fit(tmp_path)
    for success, status in ((True, STATUS_SUCCESS), (False, STATUS_FAILURE), (True, STATUS_SUCCESS)):
        EventFile(tmp_path, {}, "").close(success=success)
        assert status_of(tmp_path) == status
    assert len(events_of(tmp_path).Images("density")) == 1  # what was there is still there


def test_a_run_that_was_killed_in_the_middle_of_a_word_goes_on(tmp_path: Path) -> None:
    broken_fit(tmp_path)
    (old,) = tmp_path.glob("events*")
    old.write_bytes(old.read_bytes()[:-7])
    EventFile(tmp_path, {}, "").close(success=True)
    assert status_of(tmp_path) == STATUS_SUCCESS
    assert len(events_of(tmp_path).Images("density")) == 1
