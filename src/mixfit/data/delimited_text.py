"""Which columns does a text file hold: where do its lines split, and is the first one a header?

The delimiter is the one of comma, semicolon, tab and blanks (any run of spaces and tabs) that leaves the largest
share of the first cells numbers; a .tsv splits at tabs. That rule sees through commas in names and blanks in labels.
Between semicolons 1,5 counts as a number, so that decimal commas are refused as what they are.

A first line is a header if in some column it is text, or a quoted number, above a bare number, and in no column a
number above a number. Text alone proves nothing, since a column of labels is text in every row; and a line which is
partly numbers is kept as a point, because to lose a point silently is worse than to ask for data.header=true. Names
that all are numbers need it too.

pyarrow splits the lines (all cells stay text, see `columns`); Python's `csv`, which counts lines, looks at the
beginning and is asked again only to tell where an error stands. Blank lines are skipped by both.
"""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence, Set
from contextlib import suppress
from io import BytesIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any

from mixfit.data.columns import MISSING_NUMBERS, Column, is_number
from mixfit.data.damage import damage_reported
from mixfit.errors import InputError

COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".lz4": "lz4"}
DELIMITERS = {";": "semicolons", ",": "commas", "\t": "tabs", " ": "blanks"}
HEAD_RECORDS = 20
HEAD_BYTES = 1 << 16


def text_columns(path: Path, header: bool | None, delimiter: str | None) -> list[Column]:
    """The columns of a text file, all of text; None stands for looking. InputError if the file is malformed."""
    content = _content(path)
    delimiter = delimiter or _delimiter(content)
    content = _single_spaced(content) if delimiter == " " else content
    head = [cells for _, cells in islice(_records(content, delimiter), HEAD_RECORDS)]
    skipped = int(_has_header(head, content[:HEAD_BYTES]) if header is None else header)

    def line(row: int) -> int | None:
        return _line(content, delimiter, row + skipped)

    columns = enumerate(_split(content, delimiter, head))
    return [Column(_name(head[0][j], j, skipped), cells.slice(skipped), line) for j, cells in columns]


def _name(cell: str, number: int, header: int) -> str:
    return (header and cell.strip()) or str(number)


def _content(path: Path) -> bytes:
    import pyarrow as pa

    compression = COMPRESSIONS.get(path.suffix.lower())
    with damage_reported("text"), pa.input_stream(str(path), compression=compression) as stream:
        content: bytes = stream.read().removeprefix(codecs.BOM_UTF8)
    if not content.strip():
        raise InputError("is empty: there is no point in it; name another file in data.path")
    if b"\0" in content:
        raise InputError("holds NUL bytes, so it is no text: data.path needs a suffix that tells its true format")
    if content.count(b'"') % 2:
        raise InputError('holds an odd number of quotes ("), so one cell never ends: correct the file in data.path')
    try:
        content.isascii() or content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"is not UTF-8 text (line {line}): save it as UTF-8, or correct data.path") from error
    return content


def _delimiter(content: bytes) -> str:
    head = content[:HEAD_BYTES]

    def numeric_share(delimiter: str) -> float:
        text = _single_spaced(head) if delimiter == " " else head
        if delimiter.encode() not in text:
            return -1.0
        text = text.replace(b",", b".") if delimiter == ";" else text
        cells = [cell for _, record in islice(_records(text, delimiter), HEAD_RECORDS) for cell in record]
        return sum(map(is_number, cells)) / max(len(cells), 1)

    return max(DELIMITERS, key=numeric_share)


def _single_spaced(content: bytes) -> bytes:
    return b"\n".join(b" ".join(line.split()) for line in content.splitlines())


def _records(content: bytes, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The last line, counted from 1, and the cells of each record that is not blank."""
    lines = TextIOWrapper(BytesIO(content), "utf-8", "replace", newline="")
    reader = csv.reader(lines, delimiter=delimiter)
    with damage_reported("a table of text"):
        for record in reader:
            if record:
                yield reader.line_num, record


def _has_header(head: Sequence[Sequence[str]], text: bytes) -> bool:
    if len(head) == 1:
        return not any(map(is_number, head[0]))
    quoted = set(re.findall('"([^"]*)"', text.decode(errors="replace")))
    steps = []
    for column in zip(*head, strict=False):  # a ragged line is refused later
        present = [cell for cell in column[1:] if cell.strip() not in MISSING_NUMBERS][:1]
        if present and column[0].strip() not in MISSING_NUMBERS:
            steps.append((_bareness(column[0], quoted), _bareness(present[0], quoted)))
    return any(above < below for above, below in steps) and not any(above >= below > 0 for above, below in steps)


def _bareness(cell: str, quoted: Set[str]) -> int:
    """0 for text, 1 for a number in quotes, 2 for a bare number."""
    return 0 if not is_number(cell) else 1 if cell in quoted else 2


def _split(content: bytes, delimiter: str, head: Sequence[Sequence[str]]) -> list[Any]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = [str(j) for j in range(len(head[0]))]
    longest = max(len(delimiter.join(record)) for record in head)
    with damage_reported(f"a table whose cells are separated by {DELIMITERS[delimiter]}"):
        try:
            return arrow_csv.read_csv(
                pa.BufferReader(content),
                arrow_csv.ReadOptions(column_names=names, block_size=min(max(1 << 20, 16 * longest), (1 << 31) - 1)),
                arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=b'"' in content),
                arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
            ).columns
        except pa.ArrowInvalid as error:
            _refuse_ragged(content, delimiter, error)
            raise


def _refuse_ragged(content: bytes, delimiter: str, error: Exception) -> None:
    records = _records(content, delimiter)
    _, first = next(records)
    for line, record in records:
        if len(record) != len(first):
            raise InputError(
                f"line {line} has {len(record)} cells and the first line has {len(first)} (separated by "
                f"{DELIMITERS[delimiter]}): every point needs all its coordinates; correct the file in data.path"
            ) from error


def _line(content: bytes, delimiter: str, record: int) -> int | None:
    with suppress(InputError):  # a cell too large for `csv`: the error which asks for the line names the row anyway
        return next((line for line, _ in islice(_records(content, delimiter), record - 1, None)), None)
    return None
