"""Which columns does a text file hold: where do its lines split, and is the first one a header?

The delimiter is the one of comma, semicolon, tab and blanks (any run of spaces and tabs) that leaves the largest
share of the first cells numbers; a .tsv splits at tabs. That rule sees through commas in names and blanks in labels.
Between semicolons 1,5 counts as a number, so that decimal commas are refused as what they are.

A first line is a header if in some column it is text, or a quoted number, above a bare number, and in no column a
number above a number. Text alone proves nothing, since a column of labels is text in every row; and a line which is
partly numbers is kept as a point, because to lose a point silently is worse than to ask for data.header=true. Names
that all are numbers need it too.

pyarrow splits the lines, block by block (all cells stay text, see `columns`); Python's `csv`, which counts lines,
looks at the beginning and is asked again only to tell where an error stands. Blank lines are skipped by both.
"""

import csv
import re
from collections.abc import Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from io import BufferedReader, BytesIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any

from mixfit.data.column_file import Cells, ColumnFile, check_number
from mixfit.data.columns import MISSING_NUMBERS, is_grouped, is_number
from mixfit.data.damage import damage_reported
from mixfit.data.text_bytes import single_spaced, text_blocks, text_stream
from mixfit.errors import InputError

DELIMITERS = {";": "semicolons", ",": "commas", "\t": "tabs", " ": "blanks"}
UNNAMED = ("", "Unnamed: 0")
HEAD_RECORDS = 20
HEAD_BYTES = 1 << 16
LONGEST_LINE = 1 << 24


def open_text(path: Path, header: bool | None, delimiter: str | None) -> ColumnFile:
    """The columns of a text file, all of text; None stands for looking. InputError if the file is malformed."""
    if not any(block.strip() for block in text_blocks(path)):
        raise InputError("is empty: there is no point in it; name another file in data.path")
    text = _Text(path, delimiter or _delimiter(text_stream(path).read(HEAD_BYTES)))
    head = [cells for _, cells in islice(text.records(), HEAD_RECORDS)]
    skipped = int(_has_header(head, text.stream().read(HEAD_BYTES)) if header is None else header)
    check_number(len(head[0]))
    names = [_name(cell, j, skipped) for j, cell in enumerate(head[0])]

    def cells(positions: Sequence[int], rows: int) -> Iterator[Cells]:
        return _in_chunks(_batches(text, head, positions), skipped, rows)

    def line(row: int) -> int | None:
        return text.line(row + skipped)

    return ColumnFile(names, cells, line, [0] if skipped and _is_index([record[0] for record in head]) else [])


@dataclass(frozen=True)
class _Text:
    """Records of cells between delimiters, to be read from the first one as often as need be."""

    path: Path
    delimiter: str

    def stream(self) -> BufferedReader:
        return text_stream(self.path, blanks_joined=self.delimiter == " ")

    def records(self) -> Iterator[tuple[int, list[str]]]:
        return _records(self.stream(), self.delimiter)

    def line(self, record: int) -> int | None:
        """The line in which a record ends, both counted from 1."""
        with suppress(InputError):  # a cell too large for `csv`: the error which asks for the line names the row anyway
            return next((line for line, _ in islice(self.records(), record - 1, None)), None)
        return None


def _is_index(column: Sequence[str]) -> bool:
    """Whether a first column has no name of its own, and whole numbers that are all different, as pandas and R do."""
    name, *cells = (cell.strip() for cell in column)
    is_whole = all(cell.isascii() and cell.isdecimal() for cell in cells)
    return name in UNNAMED and bool(cells) and is_whole and len(set(cells)) == len(cells)


def _name(cell: str, number: int, header: int) -> str:
    return (header and cell.strip()) or str(number)


def _delimiter(head: bytes) -> str:
    def numeric_share(delimiter: str) -> float:
        text = single_spaced(head) if delimiter == " " else head
        if delimiter.encode() not in text:
            return -1.0
        text = text.replace(b",", b".") if delimiter == ";" else text
        cells = [cell for _, record in islice(_records(BytesIO(text), delimiter), HEAD_RECORDS) for cell in record]
        return sum(map(is_number, cells)) / max(len(cells), 1)

    return max(DELIMITERS, key=numeric_share)


def _records(stream: BytesIO | BufferedReader, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The last line, counted from 1, and the cells of each record that is not blank."""
    reader = csv.reader(_lines(TextIOWrapper(stream, "utf-8", "replace", newline="")), delimiter=delimiter)
    with damage_reported("a table of text"):
        for record in reader:
            if record:
                yield reader.line_num, record


def _lines(text: TextIOWrapper) -> Iterator[str]:
    """Line after line; a file that has no end of a line in it must not fill the memory."""
    for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE), ""), start=1):
        if len(line) == LONGEST_LINE:
            raise InputError(f"line {number} is longer than {LONGEST_LINE >> 20} MiB: no point is; correct data.path")
        yield line


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
    """0 for text, 1 for a number in quotes, 2 for a bare number; 1,5 is one, to be refused as what it is."""
    return 0 if not (is_number(cell) or is_grouped(cell)) else 1 if cell in quoted else 2


def _batches(text: _Text, head: Sequence[Sequence[str]], positions: Sequence[int]) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names, wanted = [str(j) for j in range(len(head[0]))], [str(j) for j in positions]
    longest = max(len(text.delimiter.join(record)) for record in head)
    with damage_reported(f"a table whose cells are separated by {DELIMITERS[text.delimiter]}"):
        try:
            yield from arrow_csv.open_csv(
                text.stream(),
                arrow_csv.ReadOptions(column_names=names, block_size=min(max(1 << 20, 16 * longest), (1 << 31) - 1)),
                arrow_csv.ParseOptions(delimiter=text.delimiter, newlines_in_values=True),
                arrow_csv.ConvertOptions(column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted),
            )
        except pa.ArrowInvalid as error:
            _refuse_ragged(text, error)
            raise


def _in_chunks(batches: Iterator[Any], skipped: int, rows: int) -> Iterator[Cells]:
    """The columns of at most `rows` rows at a time, without the first `skipped` rows of all."""
    import pyarrow as pa

    waiting = None
    for batch in batches:
        table = pa.Table.from_batches([batch.slice(skipped)])
        skipped -= batch.num_rows - len(table)
        waiting = pa.concat_tables([waiting, table] if waiting else [table])
        while len(waiting) >= rows:
            yield waiting.slice(0, rows).columns
            waiting = waiting.slice(rows)
    if waiting:
        yield waiting.columns


def _refuse_ragged(text: _Text, error: Exception) -> None:
    for _ in text_blocks(text.path):  # what is no text to its end is refused as such
        pass
    records = text.records()
    _, first = next(records)
    for line, record in records:
        if len(record) != len(first):
            comment = ", without lines of comment" if first[0].startswith(("#", "%")) else ""
            row_names = "; a column of row names needs a name too" if len(record) == len(first) + 1 else ""
            raise InputError(
                f"line {line} has {len(record)} cells and the first line has {len(first)} (separated by "
                f"{DELIMITERS[text.delimiter]}): every point needs all its coordinates; correct the file in data.path"
                f"{comment}{row_names}"
            ) from error
