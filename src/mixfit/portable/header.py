"""`model.json`: what the tensors are, how the fit was asked for, and what came of it.

JSON knows no NaN and no infinity, so a number that is not finite is written as null. A number of the format says
whether a reader can understand the rest: it is looked at first, and grows only when an old reader would be misled.
The file has a checksum of its own content beside that of the tensors: a digit that a disk or an editor changed would
otherwise be another floor, or another column's name, without a word. A file that was written before has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite
from typing import Any, NoReturn, TypeGuard

from mixfit.errors import InputError
from mixfit.portable.model import Plain

CHECKSUM = "checksum"
"""The key that vouches for all others."""

FORMAT = 1
"""The newest number that is read here, and the one that is written."""


@dataclass(frozen=True)
class Header:
    """The content of `model.json`; the names are its keys.

    Attributes:
        format: `FORMAT`.
        covariance: the name of the family, one of the choices of `covariance`.
        n_components: K.
        n_features: D.
        dtype: of the mixture's tensors, `float64` or `float32`.
        floor: the smallest variance of a component, in standardized coordinates.
        columns: D names, or null.
        tensors: name → {"shape": [...], "dtype": "float64"} of what stands in `model.safetensors`.
        sha256: of `model.safetensors`, in hexadecimal.
        settings: arguments of `GaussianMixture`.
        fitted: what came of the fit.
        mixfit: the version that wrote it.
    """

    format: int
    covariance: str
    n_components: int
    n_features: int
    dtype: str
    floor: float
    columns: tuple[str, ...] | None
    tensors: Mapping[str, Plain]
    sha256: str
    settings: Mapping[str, Plain]
    fitted: Mapping[str, Plain]
    mixfit: str


def written(header: Header) -> bytes:
    """The file's content; halves of characters, which UTF-8 has not, are written as JSON's escapes."""
    content = _finite(vars(header))
    content[CHECKSUM] = checksum_of(json.loads(json.dumps(content)))
    return f"{_laid_out(content)}\n".encode(errors="backslashreplace")


def checksum_of(content: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of every key but `checksum`, sorted, in JSON as Python writes it to ASCII."""
    rest = {key: value for key, value in content.items() if key != CHECKSUM}
    return sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def parsed(content: bytes) -> Header:
    """What the file's content says; raises `InputError` for whatever cannot be a model's."""
    try:
        return _header(json.loads(content.decode(), parse_constant=_refuse_constant))
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"is no JSON: {error}") from error


def _header(found: object) -> Header:
    if not isinstance(found, dict):
        raise InputError(f"holds {_kind(found)} and not a mapping")
    _check_format(found)
    for key, problem in _problems(found):
        raise InputError(f"has {problem} as {key}" if key in found else f"has no {key}")
    if CHECKSUM in found and found[CHECKSUM] != checksum_of(found):
        raise InputError(
            "was changed since it was written: its content has another checksum; copy the whole folder again, or fit "
            "again"
        )
    columns = found["columns"]
    known = {key: found[key] for key in Header.__dataclass_fields__}
    return Header(**known | {"floor": float(found["floor"]), "columns": columns and tuple(columns)})


def _check_format(found: Mapping[str, Any]) -> None:
    number = found.get("format")
    if not _is_count(number):
        raise InputError("has no format number, so no model was written there")
    if number > FORMAT:
        raise InputError(
            f"has format {number}, which a newer mixfit wrote, and this one reads formats up to {FORMAT}; install a "
            "newer one"
        )


def _problems(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Keys whose values cannot be theirs, with what stands there instead."""
    columns, floor, sha256 = found.get("columns"), found.get("floor"), found.get("sha256")
    has_names = isinstance(columns, list) and all(map(_is_text, columns)) and len(columns) == found.get("n_features")
    good = {
        "covariance": _is_text(found.get("covariance")),
        "n_components": _is_count(found.get("n_components")),
        "n_features": _is_count(found.get("n_features")),
        "dtype": _is_text(found.get("dtype")),
        "floor": isinstance(floor, (int, float)) and not isinstance(floor, bool) and 0 <= floor < 1e308,
        "columns": "columns" in found and (columns is None or has_names),
        "tensors": isinstance(found.get("tensors"), dict),
        "sha256": _is_text(sha256),
        "settings": isinstance(found.get("settings"), dict) and _is_plain(found["settings"]),
        "fitted": isinstance(found.get("fitted"), dict) and _is_plain(found["fitted"]),
        "mixfit": _is_text(found.get("mixfit")),
    }
    yield from ((key, _kind(found.get(key))) for key, is_good in good.items() if not is_good)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**31


def _is_text(value: object) -> bool:
    """Text that can be printed: JSON can say halves of characters."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_plain(value: object) -> bool:
    """Finite numbers and printable text at every level."""
    if isinstance(value, dict):
        return all(_is_text(key) and _is_plain(part) for key, part in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return _is_text(value) if isinstance(value, str) else not isinstance(value, float) or isfinite(value)


def _finite(value: Any) -> Any:
    """The same with null for every number that is not finite."""
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _laid_out(value: Any, indent: str = "") -> str:
    """JSON with a line for each entry of the two outer levels."""
    if not isinstance(value, Mapping) or not value or len(indent) == 4:
        return json.dumps(value, ensure_ascii=False)
    inner = f"{indent}  "
    lines = (f"{inner}{json.dumps(key, ensure_ascii=False)}: {_laid_out(part, inner)}" for key, part in value.items())
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _kind(value: object) -> str:
    """What a value is, for a message: a short one itself."""
    text = json.dumps(value)
    return text if len(text) <= 40 else f"a {type(value).__name__} of {len(text)} characters"


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"it holds {constant}")
