"""Is whatever is wrong with a model's folder said in one sentence, and never run?"""

from __future__ import annotations

import json
import os
import pickle
import random
from collections.abc import Callable
from hashlib import sha256
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save
from torch import Tensor

from mixfit.errors import InputError
from mixfit.folder import claimed
from mixfit.mixtures.covariances import Covariance
from mixfit.portable import Model, read, write
from mixfit.portable.header import CHECKSUM, checksum_of
from mixfit.tracking import metrics_file
from tests.portable.conftest import density_of, model_of
from tests.run_folders import write_run


def refusal(folder: Path) -> str:
    """What `read` says, which is one sentence on one line about this folder."""
    with pytest.raises(InputError) as refused:
        read(folder)
    message = str(refused.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def header_of(folder: Path) -> dict[str, Any]:
    header: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    return header


def change_header(folder: Path, **changes: object) -> None:
    """Writes `model.json` with other values, and signs it anew; `...` takes a key away."""
    header = {key: value for key, value in {**header_of(folder), **changes}.items() if value is not ...}
    header[CHECKSUM] = checksum_of(header)
    (folder / "model.json").write_text(json.dumps(header), encoding="utf-8")


def change_tensors(folder: Path, **changes: Tensor | None) -> None:
    """Writes `model.safetensors` with other tensors, and signs it anew, as somebody would who knows how; None drops."""
    tensors = {**load_file(folder / "model.safetensors"), **changes}
    content = save({name: tensor.contiguous() for name, tensor in tensors.items() if tensor is not None})
    sign(folder, content)
    header = header_of(folder)["tensors"]
    for name, tensor in changes.items():
        if tensor is None:
            header.pop(name)
        else:
            header[name] = {"shape": [*tensor.shape], "dtype": str(tensor.dtype).removeprefix("torch.")}
    change_header(folder, tensors=header)


def sign(folder: Path, content: bytes) -> None:
    (folder / "model.safetensors").write_bytes(content)
    change_header(folder, sha256=sha256(content).hexdigest())


# What is no folder of a model


def test_a_folder_that_is_missing_is_told_with_the_nearest(folder: Path) -> None:
    assert f"did you mean {folder}?" in refusal(folder.with_name("modle"))
    assert "no such folder" in refusal(folder.with_name("something else"))
    assert "either" in refusal(folder / "a" / "b")


def test_a_file_is_no_folder(folder: Path) -> None:
    (folder / "checkpoints").mkdir()
    for name, clue in (
        ("model.json", f"give the folder, {folder}"),
        ("checkpoints/best.ckpt", f"a checkpoint, which only serves resume=; give the folder of its run, {folder}"),
        ("notes.txt", "is a file; give the folder"),
    ):
        (folder / name).touch()
        assert clue in refusal(folder / name)
    assert "holds checkpoints" in refusal(folder / "checkpoints")


def test_a_folder_without_a_model_is_told_from_one_that_holds_several(folder: Path, tmp_path: Path) -> None:
    assert f"holds several models; give one of them, as {folder}" in refusal(tmp_path)
    (tmp_path / "empty").mkdir()
    assert "holds no model" in refusal(tmp_path / "empty")


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_both_files_are_needed(name: str, folder: Path) -> None:
    (folder / name).unlink()
    assert f"has no {name}" in refusal(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_folder_that_may_not_be_read_is_refused(folder: Path) -> None:
    (folder / "model.json").chmod(0)
    assert "Permission denied" in refusal(folder)


# A run that is not done


@pytest.mark.parametrize(
    ("status", "clue"),
    [
        ("running", "was interrupted; run it again"),  # for nobody is at work in it
        ("interrupted", "was interrupted; run it again"),
        ("failed", "failed (a sentence); mend that and run it again"),
        ("skipped", "skipped (a sentence)"),
        ("lost", "whose status is 'lost'"),
    ],
)
def test_a_run_that_is_not_done_is_not_read_whatever_lies_in_it(status: str, clue: str, folder: Path) -> None:
    metrics_file.write(folder, {"status": status, "error": "a sentence\nand more"})
    assert clue in refusal(folder)


@pytest.mark.parametrize("status", ["failed", "skipped"])
def test_a_run_without_an_error_has_no_reason(status: str, folder: Path) -> None:
    metrics_file.write(folder, {"status": status})
    message = refusal(folder)
    assert f"is a run that {'was ' * (status == 'skipped')}{status}" in message
    assert "(" not in message.removeprefix(str(folder))


@pytest.mark.parametrize("content", ["{", "", '{"status": "done", "nll/train": NaN}', '{"status": 1}', "[" * 100_000])
def test_a_run_with_damaged_metrics_is_not_read(content: str, folder: Path) -> None:
    (folder / "metrics.json").write_text(content)
    assert "its metrics.json is damaged" in refusal(folder)


@pytest.mark.parametrize("name", [".hydra", "checkpoints"])
def test_a_run_without_metrics_is_not_read(name: str, folder: Path) -> None:
    (folder / name).mkdir()
    assert "is a run without metrics.json" in refusal(folder)


def test_a_file_inside_a_run_is_told_with_the_folder_of_the_run(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {}, {})
    for name in ("metrics.json", ".hydra/config.yaml"):
        assert f"is a file; give the folder that it lies in, {run}" in refusal(run / name)


def test_a_folder_above_runs_names_some_of_them(tmp_path: Path) -> None:
    first, second = (write_run(tmp_path / "runs" / name, {}, {}) for name in "ab")
    assert f"holds no model, but runs are below it; give one of them, as {first} or {second}" in refusal(tmp_path)


def test_an_interrupted_run_can_be_gone_on_with(folder: Path) -> None:
    metrics_file.write(folder, {"status": "interrupted"})
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "last.ckpt").touch()
    assert f"go on with mixfit train resume={folder}" in refusal(folder)


def test_a_run_that_has_nothing_yet_is_told(tmp_path: Path) -> None:
    assert "cut off before it had anything to keep" in refusal(write_run(tmp_path / "run", {}, None))


def test_a_run_that_somebody_works_at_is_under_way(folder: Path) -> None:
    metrics_file.write(folder, {"status": "running"})
    with claimed(folder):
        assert "still under way" in refusal(folder)


def test_a_model_beside_somebody_elses_numbers_is_a_model(folder: Path) -> None:
    (folder / ".hydra").mkdir()
    (folder / "metrics.json").write_text('{"accuracy": 0.9}')
    read(folder)


def test_a_run_from_before_models_were_written_is_told(tmp_path: Path) -> None:
    assert "from before models were written" in refusal(write_run(tmp_path / "run", {}, {}))


# model.json


@pytest.mark.parametrize(
    ("content", "clue"),
    [
        (b"", "is no JSON"),
        (b'{"format": 1,', "is no JSON"),
        (b"\xff\xfe{}", "is no JSON"),
        (b'{"format": 1, "floor": NaN}', "holds NaN"),
        (b"[" * 100_000, "is no JSON"),
        (b'{"format": 1, "a": ' + b"9" * 10_000 + b"}", "is no JSON"),
        (b"[1, 2]", "holds [1, 2] and not a mapping"),
        (b"{}", "no format number"),
        (b'{"format": "1"}', "no format number"),
        (b'{"format": true}', "no format number"),
        (b'{"format": 2}', "has format 2, which a newer mixfit wrote"),
        (b'{"format": 1}', "has no covariance"),
    ],
)
def test_json_that_is_no_models_is_refused(content: bytes, clue: str, folder: Path) -> None:
    (folder / "model.json").write_bytes(content)
    assert clue in refusal(folder)


def test_a_very_large_json_is_not_even_read(folder: Path) -> None:
    with (folder / "model.json").open("ab") as file:
        file.truncate(2**30)
    assert "no model.json is" in refusal(folder)


KEYS = (
    *("covariance", "n_components", "n_features", "dtype", "floor", "columns", "tensors", "sha256", "settings"),
    *("fitted", "mixfit"),
)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [..., 1.5, True, "text", -1, ["a", 1], {"a": 1}, "\ud800", 10**400, []])
def test_a_key_with_another_kind_of_value_is_refused(key: str, value: object, folder: Path) -> None:
    before = header_of(folder)
    change_header(folder, **{key: value})
    is_possible = type(value) is type(before[key]) and key in ("settings", "fitted", "mixfit") and value != "\ud800"
    if is_possible or (key == "floor" and value == 1.5):
        read(folder)
    else:
        assert key in refusal(folder) or "model.safetensors" in refusal(folder)


@pytest.mark.parametrize(
    ("changes", "clue"),
    [
        ({"covariance": "ful"}, "did you mean full?"),
        ({"covariance": "os.system"}, "there is no such choice"),
        ({"covariance": "../../train"}, "there is no such choice"),
        ({"covariance": "diag"}, "has scale of the shape (3, 2, 2) and type float64"),
        ({"dtype": "float16"}, "has dtype 'float16'"),
        ({"dtype": "float32"}, "has log_weights of the shape (3,) and type float64"),
        ({"n_components": 4}, "has log_weights of the shape (3,)"),
        ({"n_components": 2**31 - 1}, "has log_weights of the shape (3,)"),
        ({"n_features": 3, "columns": None}, "has means of the shape (3, 2)"),
        ({"columns": ["a"]}, "as columns"),
        ({"tensors": {}}, "names other tensors than model.safetensors holds"),
        ({"settings": {"tol": 1, "a": [{"b": "\udfff"}]}}, "as settings"),
    ],
)
def test_a_header_that_does_not_fit_its_tensors_is_refused(changes: dict[str, object], clue: str, folder: Path) -> None:
    change_header(folder, **changes)
    assert clue in refusal(folder)


def test_a_key_that_is_not_known_yet_is_no_harm(folder: Path) -> None:
    change_header(folder, mood="good")
    read(folder)


# model.safetensors


@pytest.mark.parametrize("size", [0, 1, 7, 8, 100, -1])
def test_tensors_that_were_cut_off_are_refused(size: int, folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()[:size]
    (folder / "model.safetensors").write_bytes(content)
    assert "checksum" in refusal(folder)
    sign(folder, content)
    assert "is no safetensors file" in refusal(folder)


def test_a_changed_digit_does_not_agree_with_the_checksum(folder: Path) -> None:
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(content)
    assert "its checksum is not the one in model.json" in refusal(folder)


@pytest.mark.parametrize("size", [2**63, 2**40, 10**8])
def test_a_header_that_claims_to_be_huge_is_refused(size: int, folder: Path) -> None:
    sign(folder, size.to_bytes(8, "little") + b"{" * 100)
    assert "is no safetensors file" in refusal(folder)


@pytest.mark.parametrize(
    ("name", "make", "clue"),
    [
        ("means", lambda: None, "has no tensor means"),
        ("surprise", lambda: torch.ones(1), "has a tensor 'surprise'"),
        ("means", lambda: torch.zeros(2, 3), "has means of the shape (2, 3)"),
        ("means", lambda: torch.zeros(3, 2).float(), "type float32"),
        ("means", lambda: torch.zeros(3, 2, dtype=torch.int64), "type int64"),
        ("means", lambda: torch.full((3, 2), nan), "values in means that are not finite"),
        ("scale", lambda: torch.eye(2), "has scale of the shape (2, 2)"),
        ("scale", lambda: -torch.eye(2).repeat(3, 1, 1), "values in scale that are not positive"),
        ("scale", lambda: torch.zeros(3, 2, 2), "values in scale that are not positive"),
        ("scale", lambda: torch.full((3, 2, 2), inf), "values in scale that are not finite"),
        ("scale", lambda: torch.ones(3, 2, 2), "not lower triangular"),
        ("log_weights", lambda: torch.zeros(3), "add up to 3 and not to 1"),
        ("log_weights", lambda: torch.tensor([0.0, -inf, -inf]), "values in log_weights that are not finite"),
        ("shift", lambda: torch.zeros(2).float(), "has shift of the shape (2,) and type float32"),
        ("shift", lambda: torch.tensor([0.0, inf]), "values in shift that are not finite"),
        ("unit", lambda: torch.tensor([1.0, 0.0]), "values in unit that are not positive"),
        ("unit", lambda: torch.tensor([1.0, -2.0]), "values in unit that are not positive"),
        ("rarity_levels", lambda: torch.empty(0), "has rarity_levels of the shape (0,)"),
        ("rarity_levels", lambda: torch.linspace(0, 1, 7), "has rarity_log_densities of the shape (500,)"),
        ("rarity_levels", lambda: torch.linspace(0, 2, 500), "do not ascend from 0 to 1"),
        ("rarity_levels", lambda: torch.linspace(0, 1, 500).roll(1), "do not ascend from 0 to 1"),
        ("rarity_log_densities", lambda: torch.linspace(0, -1, 500), "rarity_log_densities that do not ascend"),
        (
            "rarity_log_densities",
            lambda: torch.linspace(0, nan, 500),
            "values in rarity_log_densities that are not finite",
        ),
        ("history", lambda: torch.zeros(5), "has history of the shape (5,)"),
        ("history", lambda: torch.tensor([[nan, 1.0]]), "values in history that are not finite"),
    ],
)
def test_tensors_that_cannot_be_a_models_are_refused(
    name: str, make: Callable[[], Tensor | None], clue: str, folder: Path
) -> None:
    change_tensors(folder, **{name: make()})
    assert clue in refusal(folder)


def test_the_scale_of_every_family_must_be_positive(family: type[Covariance], tmp_path: Path) -> None:
    write(tmp_path, model_of(density_of(family)))
    change_tensors(tmp_path, scale=-load_file(tmp_path / "model.safetensors")["scale"])
    assert "not positive" in refusal(tmp_path)


# Whatever else somebody may do to the files


def damaged(content: bytes, random_: random.Random) -> bytes:
    """With a few bytes changed, cut out or doubled."""
    for _ in range(random_.randint(1, 4)):
        place, length = random_.randrange(len(content)), random_.randrange(9)
        middle = random_.choice([random_.randbytes(length), b"", 2 * content[place : place + length]])
        content = content[:place] + middle + content[place + length :]
    return content


def is_read_or_refused(folder: Path) -> bool:
    try:
        return isinstance(read(folder), Model)
    except InputError as error:
        return str(folder) in str(error)


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_damage_of_any_kind_is_a_sentence_or_no_harm(name: str, folder: Path) -> None:
    random_ = random.Random(0)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    for _ in range(300):
        for file, content in whole.items():
            (folder / file).write_bytes(content)
        content = damaged(whole[name][:900], random_) + whole[name][900:]  # where names and shapes stand
        (folder / name).write_bytes(content)
        if name == "model.safetensors":
            sign(folder, content)
        assert is_read_or_refused(folder)


class Trap:
    """A pickle that makes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["checkpoints/best.ckpt", "checkpoints/last.ckpt", "model.json", "model.safetensors"])
def test_nothing_in_a_folder_is_ever_unpickled(name: str, folder: Path, tmp_path: Path) -> None:
    content = pickle.dumps(Trap(tmp_path / "sprung"))
    (folder / "checkpoints").mkdir()
    if name == "model.safetensors":
        sign(folder, content)
    else:
        (folder / name).write_bytes(content)
    if name.endswith(".ckpt"):
        metrics_file.write(folder, {"status": "done"})
        read(folder)
    else:
        refusal(folder)
    assert not (tmp_path / "sprung").exists()
    pickle.loads(content)
    assert (tmp_path / "sprung").exists()  # it would have
