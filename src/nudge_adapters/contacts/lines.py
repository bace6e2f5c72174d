"""Lines of a text file whose encoding nobody tells: by its byte-order mark, else line by line.

A line that is no UTF-8 is read as Windows-1252, which is what spreadsheets write; so one odd line does not spoil the
others. Memory is bounded by the longest line.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from attrs import field, frozen

LONGEST_LINE = 1_000_000
"""Bytes. A picture in a vCard is folded into lines of 75; a longer line is no text that a person wrote."""

_LOOK = 4_096  # bytes from which UTF-16 without a mark is told
_WIDE = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
UTF_8 = "utf-8"
WINDOWS = "cp1252"


@frozen(kw_only=True)
class Line:
    """One line with its number from 1. `encoding`: in which it was read; `is_cut`: it was too long."""

    number: int
    text: str = field(repr=False)
    encoding: str
    is_cut: bool = False


def lines_of(stream: BinaryIO) -> Iterator[Line]:
    """Yield the lines of a file from its beginning, without their ends.

    Args:
        stream: it can be sought in; it is read from its start.
    """
    stream.seek(0)
    head = stream.read(_LOOK)
    mark = next(((bom, name) for bom, name in _WIDE if head.startswith(bom)), None)
    encoding = mark[1] if mark else _without_mark(head)
    stream.seek(len(mark[0]) if mark else 0)
    if encoding.startswith("utf-16"):
        yield from _wide_lines(stream, encoding)
        return
    number = 0
    for raw, is_cut in _raw_lines(stream):
        for part in raw.split(b"\r") if b"\r" in raw else (raw,):
            number += 1
            text, read_as = _decoded(part)
            yield Line(number=number, text=text, encoding=read_as, is_cut=is_cut)


def _without_mark(head: bytes) -> str:
    """Tell UTF-16 without a mark by the zero bytes of its Latin letters."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > len(head) // 6 and odd > 4 * even:
        return "utf-16-le"
    if even > len(head) // 6 and even > 4 * odd:
        return "utf-16-be"
    return UTF_8


def _raw_lines(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Yield lines that end with LF or CR LF; a CR alone is left in them: old Macs end lines with it."""
    while raw := stream.readline(LONGEST_LINE):
        is_cut = len(raw) == LONGEST_LINE and not raw.endswith(b"\n")
        if is_cut:
            while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
        yield raw.removesuffix(b"\n").removesuffix(b"\r"), is_cut


def _wide_lines(stream: BinaryIO, encoding: str) -> Iterator[Line]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    number, left = 0, ""
    while True:
        raw = stream.read(_LOOK)
        left += decoder.decode(raw, final=not raw)
        *whole, left = left.split("\n")
        for text in whole:
            number += 1
            yield Line(number=number, text=text.removesuffix("\r")[:LONGEST_LINE], encoding=encoding)
        if not raw:
            if left:
                yield Line(number=number + 1, text=left, encoding=encoding)
            return
        if len(left) > LONGEST_LINE:
            left = left[:LONGEST_LINE]


def _decoded(raw: bytes) -> tuple[str, str]:
    try:
        return raw.decode(UTF_8), UTF_8
    except UnicodeDecodeError:
        return raw.decode(WINDOWS, errors="replace"), WINDOWS
