"""What does a file say that its library cannot read?

A damaged file fails in a library of its format, and each fails in its own way: pyarrow alone raises five kinds of
error, numpy adds those of `zipfile`, `zlib` and `ast`. All of them mean the same to the person who named the file,
so the guard takes every `Exception`; it must enclose calls of such a library and no reasoning of ours.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import shorten

from mixfit.errors import InputError


@contextmanager
def damage_reported(kind: str, where: str = "") -> Iterator[None]:
    """Turn whatever a library raises inside into an InputError that says the file is no readable `kind`.

    Where a file has places, or there are several files, `where` names the one that was being read.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        reason = shorten(f"{type(error).__name__}: {error}", 200)
        raise InputError(
            f"{where and f'{where} '}cannot be read as {kind} ({reason}). The file is damaged, was cut short, or is of "
            "another kind than its suffix says: write it anew, or name another one in data.path"
        ) from error
