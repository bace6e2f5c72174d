"""A file of contacts: a table or cards, told by what stands in it; read as often as needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import islice
from typing import BinaryIO

from attrs import field, frozen

from nudge_adapters.contacts.csv_table import delimiter_of, records_of
from nudge_adapters.contacts.lines import lines_of
from nudge_adapters.contacts.vcard import cards_of
from nudge_core.book.birthday import month_comes_first
from nudge_core.book.columns import SAMPLE_ROWS, TableReading, read_table
from nudge_core.model.written import ContactField, Written

_CHUNK = 1 << 16
_MONTH_FIRST = frozenset({"US", "PH", "CA", "PR", "GU"})
"""Countries that write the month first (CLDR; Canada does both)."""


class FileKind(StrEnum):
    """What a file of contacts is."""

    TABLE = "table"
    CARDS = "cards"


@frozen(kw_only=True)
class ContactFile:
    """A file of contacts. `table`: how its columns are read; None for cards. `month_first`: of dates with slashes."""

    stream: BinaryIO = field(repr=False)
    kind: FileKind
    mark: str
    delimiter: str | None
    table: TableReading | None = field(repr=False)
    month_first: bool

    def contacts(self) -> Iterator[Written]:
        """Yield the contacts as they are written, from the beginning of the file; memory does not grow with it."""
        if self.table is None or self.delimiter is None:
            yield from cards_of(self.stream)
            return
        records = records_of(self.stream, self.delimiter)
        for place, record in enumerate(records):
            if place == 0 and self.table.has_header:
                continue
            if record.broken is not None:
                yield Written(line=record.line, broken=record.broken)
            else:
                yield self.table.written(record.line, record.cells)


def contact_file(stream: BinaryIO, region: str, explicit: Mapping[str, str] | None = None) -> ContactFile:
    """Look into a file of contacts.

    Args:
        stream: it can be sought in, and stays open as long as it is read.
        region: two letters: where it comes from, which decides whether 3/5 is the fifth of March when no date does.
        explicit: see `read_table`.

    Raises:
        Invalid: `explicit` does not fit.
    """
    default = region in _MONTH_FIRST
    first = next((line.text.strip().upper() for line in lines_of(stream) if line.text.strip()), "")
    mark = _mark(stream)
    if first == "BEGIN:VCARD":
        return ContactFile(
            stream=stream, kind=FileKind.CARDS, mark=mark, delimiter=None, table=None, month_first=default
        )
    delimiter = delimiter_of(stream)
    head = [one.cells for one in islice(records_of(stream, delimiter), SAMPLE_ROWS + 1) if one.broken is None]
    table = read_table(head, explicit)
    days = [cell for row in head for name, cell in zip(table.meanings(), row, strict=False) if name is _BIRTHDAY]
    return ContactFile(
        stream=stream,
        kind=FileKind.TABLE,
        mark=mark,
        delimiter=delimiter,
        table=table,
        month_first=month_comes_first(days, default),
    )


_BIRTHDAY = ContactField.BIRTHDAY


def _mark(stream: BinaryIO) -> str:
    """Return a hash of the whole file: the same one, when it comes again."""
    stream.seek(0)
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
