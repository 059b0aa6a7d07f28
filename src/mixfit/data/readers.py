"""Which file is meant, and which reader does its suffix choose?"""

import difflib
import stat
from pathlib import Path

from mixfit.data.array_files import open_arrays
from mixfit.data.column_file import ColumnFile
from mixfit.data.delimited_text import open_text
from mixfit.data.parquet_files import open_parquet
from mixfit.data.parquet_folder import open_folder
from mixfit.data.signatures import ARRAYS, PACKED, PARQUET, check_signature
from mixfit.data.text_bytes import COMPRESSIONS
from mixfit.errors import InputError

TEXT_DELIMITERS = {".csv": None, ".tsv": "\t", ".txt": None}
BINARY_READERS = {".parquet": open_parquet, ".npy": open_arrays, ".npz": open_arrays}
KINDS = {".parquet": PARQUET, ".npy": ARRAYS, ".npz": ARRAYS}


def open_columns(path: Path, header: bool | None) -> ColumnFile:
    """The columns of a file, to be read; `header` concerns text alone. InputError if there are none to read."""
    if is_folder(path):
        return open_folder(path)
    compressed = path.suffix.lower() in COMPRESSIONS
    suffix = (Path(path.stem) if compressed else path).suffix.lower()
    _check_status(path)
    _check_suffix(path, suffix, compressed)
    check_signature(path, (PACKED[path.suffix.lower()],) if compressed else KINDS.get(suffix, ()))
    if suffix in TEXT_DELIMITERS:
        return open_text(path, header, TEXT_DELIMITERS[suffix])
    return BINARY_READERS[suffix](path)


def is_folder(path: Path) -> bool:
    """Whether the path is a folder; one that cannot be a path at all is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _check_suffix(path: Path, suffix: str, compressed: bool) -> None:
    if suffix not in TEXT_DELIMITERS and (compressed or suffix not in BINARY_READERS):
        raise InputError(
            f"has the unknown suffix {suffix + path.suffix * compressed!r}: data.path takes "
            f"{', '.join([*TEXT_DELIMITERS, *BINARY_READERS])}, the text formats also followed by one of "
            f"{', '.join(COMPRESSIONS)}"
        )


def _check_status(path: Path) -> None:
    try:
        status = path.stat()
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFREG:
            path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"there is no such file. {_nearby(path)}Correct data.path") from error
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be opened ({error}): allow reading it, or correct data.path") from error
    if kind != stat.S_IFREG:
        raise InputError("is a device, a pipe or a socket, not a file: data.path names one file of points")
    if status.st_size == 0:
        raise InputError("is empty, 0 bytes: there is no point in it; name another file in data.path")


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return f"There is not even the directory {str(path.parent)!r}. "
    suffixes = {*TEXT_DELIMITERS, *BINARY_READERS, *COMPRESSIONS}
    names = [file.name for file in path.parent.iterdir() if file.is_dir() or file.suffix.lower() in suffixes]
    names = difflib.get_close_matches(path.name, names)
    return f"Close to that name are {', '.join(map(repr, names))}. " if names else ""
