"""Tables as text: whatever stands between the cells, quotes that hold line ends, and rows that are broken.

Python's own `csv` reads a record; where a record ends is told here, so that a quote that never closes costs one row
and not the rest of the file.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from attrs import field, frozen

from nudge_adapters.contacts.lines import Line, lines_of

DELIMITERS = ",;\t|"
LONGEST_RECORD = 40
"""Lines of one record: a note with more line ends is likelier a quote that does not close."""

_OPEN_QUOTE = "a quote that is closed again"
_SNIFFED = 50  # lines from which the delimiter is told


@frozen(kw_only=True)
class Record:
    """One row: the line it begins on, its cells. `broken`: why it cannot be read; `encoding`: in which it was."""

    line: int
    cells: tuple[str, ...] = field(default=(), repr=False)
    encoding: str = "utf-8"
    broken: str | None = None


def delimiter_of(stream: BinaryIO) -> str:
    """Tell what stands between the cells: what gives most rows the same number of cells, the most of them."""
    texts = [line.text for line in islice(lines_of(stream), _SNIFFED) if line.text.strip()]
    ranked = [(_evenness(texts, delimiter), -place, delimiter) for place, delimiter in enumerate(DELIMITERS)]
    return max(ranked)[2]


def records_of(stream: BinaryIO, delimiter: str) -> Iterator[Record]:
    """Yield the rows of a table from its beginning; blank ones are left out."""
    waiting: list[Line] = []
    lines = lines_of(stream)
    is_done = False
    width: int | None = None
    while not is_done or waiting:
        while not is_done and len(waiting) < LONGEST_RECORD:
            line = next(lines, None)
            if line is None:
                is_done = True
            else:
                waiting.append(line)
        if not waiting:
            return
        used = _whole(waiting, delimiter)
        record = _record(waiting[: used or 1], delimiter, is_whole=used > 0)
        if used > 1 and width is not None and len(record.cells) != width:  # it took the rows after it in
            used, record = 1, Record(line=record.line, encoding=record.encoding, broken=_OPEN_QUOTE)
        waiting = waiting[used or 1 :]
        width = len(record.cells) if width is None and record.cells else width
        if record.broken or any(cell.strip() for cell in record.cells):
            yield record


def _whole(lines: Sequence[Line], delimiter: str) -> int:
    """Return of how many lines the first record is; 0: a quote in it does not close."""
    is_open = False
    for count, line in enumerate(lines, 1):
        is_open = _is_open_after(line.text, delimiter, is_open=is_open)
        if not is_open:
            return count
    return 0


def _is_open_after(text: str, delimiter: str, *, is_open: bool) -> bool:
    """Say whether a quoted cell is open at the end of a line. A quote opens only where a cell begins."""
    if '"' not in text:
        return is_open
    at_start, has_closed = not is_open, False
    for letter in text:
        if letter == '"':
            was_open = is_open
            is_open = not is_open if is_open else at_start or has_closed  # two in a row stand for one, and it goes on
            has_closed = was_open
        else:
            has_closed = False
        at_start = letter == delimiter or (at_start and letter == " ")
    return is_open


def _record(lines: Sequence[Line], delimiter: str, *, is_whole: bool) -> Record:
    first = lines[0]
    encoding = next((line.encoding for line in lines if line.encoding != first.encoding), first.encoding)
    if any(line.is_cut for line in lines):
        return Record(line=first.number, encoding=encoding, broken="a line of a usual length")
    if not is_whole:
        return Record(line=first.number, encoding=encoding, broken=_OPEN_QUOTE)
    try:
        cells = _cells([line.text for line in lines], delimiter)
    except csv.Error:
        return Record(line=first.number, encoding=encoding, broken="cells of a usual length")
    return Record(line=first.number, cells=cells, encoding=encoding)


def _cells(texts: Sequence[str], delimiter: str) -> tuple[str, ...]:
    reader = csv.reader((f"{text}\n" for text in texts), delimiter=delimiter, skipinitialspace=True)
    return tuple(cell.removesuffix("\n") for row in reader for cell in row)


def _evenness(texts: Iterable[str], delimiter: str) -> float:
    counts: Counter[int] = Counter()
    for text in texts:
        try:
            counts[len(_cells([text], delimiter))] += 1
        except csv.Error:
            counts[1] += 1
    if not counts:
        return 0.0
    cells, rows = max(
        ((cells, rows) for cells, rows in counts.items() if cells > 1), key=lambda c: c[1], default=(0, 0)
    )
    return rows / counts.total() * (1 + min(cells, 30) / 100)
