"""What kind of file is it really? Many formats begin with bytes of their own, whatever the name of the file ends in.

A reader of another format would call such a file damaged, or find a strange header in it. Who named it wants to know
that it is packed, or a spreadsheet, or the page on which the server said that there is no such file.
"""

from pathlib import Path

from mixfit.errors import InputError

PARQUET, ARRAYS = ("a Parquet file",), ("a NumPy array", "a zip archive")
PACKED = {".gz": "packed by gzip", ".bz2": "packed by bzip2", ".zst": "packed by zstd", ".lz4": "packed by lz4"}

SIGNATURES = {
    b"\x1f\x8b": PACKED[".gz"],
    b"BZh91AY&SY": PACKED[".bz2"],
    b"\x28\xb5\x2f\xfd": PACKED[".zst"],
    b"\x04\x22\x4d\x18": PACKED[".lz4"],
    b"\xfd7zXZ\x00": "packed by xz",
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "a zip archive",
    b"PAR1": "a Parquet file",
    b"\x93NUMPY": "a NumPy array",
    b"ARROW1": "an Arrow file",
    b"ORC": "an ORC file",
    b"\x89HDF\r\n": "an HDF5 file",
    b"SQLite format 3\x00": "an SQLite database",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"%PDF-": "a PDF",
    b"<!doctype": "a web page",
    b"<html": "a web page",
    b'{"': "JSON",
    b'[{"': "JSON",
}
"""The first bytes of a file, in lower case where they are letters of a text, and what it is."""

LETTERS = ("a Parquet file", "an Arrow file", "an ORC file")
"""Kinds that begin with letters, as the name of a column may; what follows is no text."""

REMEDIES = {
    "a zip archive": "an .npz is one, and so is a spreadsheet: save that as CSV; unpack any other",
    "a Parquet file": "its name must end in .parquet",
    "a NumPy array": "its name must end in .npy",
    "a web page": "look at it in an editor, and fetch the file itself",
    **{kind: f"its name must end in .csv{suffix}, or unpack it" for suffix, kind in PACKED.items()},
}


def check_signature(path: Path, expected: tuple[str, ...]) -> None:
    """Raises `InputError` if the file is of a known kind and of none of those expected, which a text is not."""
    with path.open("rb") as file:
        begin = file.read(16)
    text = begin.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    expected = (*expected, *LETTERS) if all(byte >= ord(" ") or byte in b"\t\r\n" for byte in begin) else expected
    for signature, kind in SIGNATURES.items():
        if kind not in expected and (begin.startswith(signature) or text.startswith(signature)):
            remedy = REMEDIES.get(kind, "save it as CSV, Parquet or NPY")
            raise InputError(f"is {kind}, whatever it is called: {remedy}, and correct data.path")
