"""The two files, written and read. Each is written in one move, the JSON last: it has the checksum of the other.

So whatever moment a writer is killed at, a reader finds the old model, the new one, or two files that do not agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from mixfit import chosen
from mixfit.errors import InputError
from mixfit.one_move import write_in_one_move
from mixfit.portable.folder import HEADER, TENSORS, check_folder
from mixfit.portable.header import FORMAT, Header, parsed, written
from mixfit.portable.model import Model, Plain
from mixfit.portable.tensors import DTYPES, Form, check_tensors, density_of, form_of, name_of, rarity_of, tensors_of
from mixfit.tracking import metrics_file

LARGEST_HEADER = 2**26
"""Bytes of the largest `model.json` that is read."""

REMEDY = "one of them was changed or damaged: copy the whole folder again, or fit again"


def write(folder: Path, model: Model) -> None:
    """Writes `model.safetensors`, then `model.json`, into the folder, which is made if it is not there.

    Raises `InputError` for a model that could not be read again, as one whose parameters are not finite, for a folder
    that cannot be made, and for that of a finished run, whose own model it would write over.
    """
    if metrics_file.status(folder) == "done":
        raise InputError(f"{folder}: holds a finished run, whose model this one would write over; name another folder")
    tensors = tensors_of(model)
    content = save(tensors)
    header = written(_header_of(model, tensors, content))
    with _about("the model to be written"):
        check_tensors(tensors, form_of(model))
        parsed(header)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made a folder for a model ({error.strerror}); name another") from error
    write_in_one_move(folder / TENSORS, content)
    write_in_one_move(folder / HEADER, header)


def read(folder: Path) -> Model:
    """The model that a folder holds; nothing in it is run, and what it names is only looked up.

    Raises `InputError` in one sentence, and nothing else, for whatever is wrong with the folder or its files.
    """
    try:
        check_folder(folder)
        header = _header(folder / HEADER)
        tensors = _tensors(folder / TENSORS, header)
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from error
    except MemoryError as error:
        raise InputError(f"{folder}: its model does not fit into the memory of this machine") from error
    with _about(f"{folder / HEADER}"):
        form = _form(header)
    with _about(f"{folder / TENSORS}"):
        check_tensors(tensors, form)
    if header.tensors != _forms(tensors):
        raise InputError(f"{folder / HEADER}: names other tensors than {TENSORS} holds; {REMEDY}")
    density, rarity = density_of(tensors, form, header.floor), rarity_of(tensors)
    return Model(density, rarity, tensors["history"], header.columns, header.settings, header.fitted)


def _header_of(model: Model, tensors: Mapping[str, Tensor], content: bytes) -> Header:
    form = form_of(model)
    return Header(
        format=FORMAT,
        covariance=chosen.name_of_family(form.family),
        n_components=form.n_components,
        n_features=form.n_features,
        dtype=name_of(form.dtype),
        floor=model.density.mixture.floor,
        columns=model.columns,
        tensors=_forms(tensors),
        sha256=sha256(content).hexdigest(),
        settings=model.settings,
        fitted=model.fitted,
        mixfit=_version(),
    )


@cache
def _version() -> str:
    return version("mixfit")


def _header(path: Path) -> Header:
    if path.stat().st_size > LARGEST_HEADER:
        raise InputError(f"{path}: is larger than {LARGEST_HEADER >> 20} MiB, and no model.json is")
    with _about(f"{path}"):
        return parsed(path.read_bytes())


def _tensors(path: Path, header: Header) -> dict[str, Tensor]:
    """What the very bytes hold whose checksum was taken."""
    content = path.read_bytes()
    if sha256(content).hexdigest() != header.sha256:
        raise InputError(f"{path}: its checksum is not the one in {HEADER}; {REMEDY}")
    try:
        return {name: tensor.clone() for name, tensor in load(content).items()}
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: is no safetensors file: {error}") from error


def _form(header: Header) -> Form:
    if header.dtype not in DTYPES:
        raise InputError(f"has dtype {header.dtype!r}; a mixture has {' or '.join(DTYPES)}")
    return Form(chosen.family(header.covariance), header.n_components, header.n_features, DTYPES[header.dtype])


def _forms(tensors: Mapping[str, Tensor]) -> dict[str, Plain]:
    """What `model.json` says of each tensor."""
    return {name: {"shape": [*tensor.shape], "dtype": name_of(tensor.dtype)} for name, tensor in tensors.items()}


@contextmanager
def _about(what: str) -> Iterator[None]:
    """Says first what a sentence is about."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{what}: {error}") from error
