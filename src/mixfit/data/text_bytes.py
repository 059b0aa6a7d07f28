"""The bytes of a text file as a stream: unpacked, without a byte order mark, and sure to be text.

What is no text is refused as it comes by, for the end of a long file can be wrong where its beginning is not. That a
quote is never closed shows at the end alone.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any

from mixfit.data.damage import damage_reported
from mixfit.errors import InputError

COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".lz4": "lz4"}
BLOCK_BYTES = 2**20
WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
"""The fourth, of UTF-32 with the low byte first, begins as the first."""


def text_blocks(path: Path) -> Iterator[bytes]:
    """The content block by block; InputError where it turns out to be no text."""
    check = _TextCheck()
    for number, block in enumerate(_unpacked(path)):
        text = block if number else block.removeprefix(codecs.BOM_UTF8)
        check.take(text)
        yield text
    check.end()


def text_stream(path: Path, blanks_joined: bool = False) -> BufferedReader:
    """The content to be read like a file; with runs of blanks `single_spaced`, if that is asked for."""
    blocks = text_blocks(path)
    return BufferedReader(_Stream(_single_spaced_blocks(blocks) if blanks_joined else blocks), BLOCK_BYTES)


def single_spaced(content: bytes) -> bytes:
    """Whole lines with one blank for every run of blanks, and none at their ends."""
    return b"\n".join(b" ".join(line.split()) for line in content.splitlines())


def _unpacked(path: Path) -> Iterator[bytes]:
    import pyarrow as pa

    compression = COMPRESSIONS.get(path.suffix.lower())
    with damage_reported("text"), pa.input_stream(str(path), compression=compression) as stream:
        while block := stream.read(BLOCK_BYTES):
            yield block


def _single_spaced_blocks(blocks: Iterator[bytes]) -> Iterator[bytes]:
    begun = b""
    for block in blocks:
        text = begun + block
        end = 1 + max(text.rfind(b"\n"), text.rfind(b"\r", 0, -1))  # a last \r may be one half of \r\n
        if end:
            yield single_spaced(text[:end]) + b"\n"
        begun = text[end:]
    yield single_spaced(begun)


def _of_nul_bytes(block: bytes) -> str:
    """Text of two bytes a character, as some programs say "Unicode", has a NUL in every second place."""
    halves = [block[:1024][half::2] for half in (0, 1)]
    if block.startswith(WIDE_MARKS) or max(half.count(0) for half in halves) > 0.9 * len(halves[1]):
        return "is UTF-16 or UTF-32 text: save it as UTF-8, which a spreadsheet may call CSV UTF-8"
    return "holds NUL bytes, so it is no text: data.path needs a suffix that tells its true format"


class _TextCheck:
    """Looks in one block after the other for what no text holds."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._n_lines = 0
        self._n_quotes = 0

    def take(self, block: bytes) -> None:
        if b"\0" in block:
            raise InputError(_of_nul_bytes(block))
        self._decode(block)
        self._n_lines += block.count(b"\n")
        self._n_quotes += block.count(b'"')

    def end(self) -> None:
        if self._n_quotes % 2:
            raise InputError('holds an odd number of quotes ("), so one cell never ends: correct the file in data.path')
        self._decode(b"", final=True)

    def _decode(self, block: bytes, final: bool = False) -> None:
        begun, _ = self._decoder.getstate()
        try:
            (block.isascii() and not begun) or self._decoder.decode(block, final)
        except UnicodeDecodeError as error:
            line = self._n_lines + error.object.count(b"\n", 0, error.start) + 1
            raise InputError(f"is not UTF-8 text (line {line}): save it as UTF-8, or correct data.path") from error


class _Stream(RawIOBase):
    """Blocks of bytes as a file that can be read from its beginning to its end."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        room = memoryview(buffer)
        taken = self._rest[: len(room)]
        room[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)
