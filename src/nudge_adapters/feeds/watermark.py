"""A timestamp as a feed sent it, kept to the last digit.

Cutting microseconds to milliseconds makes `eq T` miss its own rows (`mls-feeds.md` 4.3), and Python's datetime holds
six digits only; so the digits behind the second stay text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import total_ordering

from attrs import frozen

_FORM = re.compile(
    r"(?P<seconds>\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2})(?:\.(?P<fraction>\d{1,12}))?(?P<zone>[Zz]|[+-]\d{2}:?\d{2})?"
)


@total_ordering
@frozen(order=False)
class Watermark:
    """A moment: the whole second in UTC, and the digits behind it as they were received."""

    second: datetime
    fraction: str = ""

    @classmethod
    def read(cls, text: str | None) -> Watermark | None:
        """Return the moment a text stands for, or None when it cannot be read.

        A text without a zone is read as UTC: dictionary timestamps are (`mls-feeds.md` 3.5), and paging must go on.
        """
        found = _FORM.fullmatch(text.strip()) if text else None
        if found is None:
            return None
        zone = (found["zone"] or "Z").upper().replace("Z", "+00:00")
        try:
            second = datetime.fromisoformat(found["seconds"].upper() + zone).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
        return cls(second, found["fraction"] or "")

    @classmethod
    def of(cls, moment: datetime) -> Watermark:
        """Return an instant of ours."""
        in_utc = moment.astimezone(UTC)
        return cls(in_utc.replace(microsecond=0), f"{in_utc.microsecond:06d}".rstrip("0"))

    def minus(self, span: timedelta) -> Watermark:
        """Return the moment `span` (whole seconds) earlier, not before the year 1."""
        try:
            return Watermark(self.second - span, self.fraction)
        except OverflowError:
            return Watermark(datetime.min.replace(tzinfo=UTC))

    def next(self) -> Watermark:
        """Return the moment one unit of the last digit later: whatever a server cut off to show this one lies before.

        A server may keep microseconds and show milliseconds; then `eq` finds none of its own rows, and `gt` all.
        """
        if not self.fraction:
            return Watermark(self.second + timedelta(seconds=1))
        digits = len(self.fraction)
        count = int(self.fraction) + 1
        if count == 10**digits:
            return Watermark(self.second + timedelta(seconds=1), "0" * digits)
        return Watermark(self.second, f"{count:0{digits}d}")

    def __str__(self) -> str:
        """Return it as OData and SparkQL want it: UTC with `Z`, every digit received, no quotes."""
        return self.second.isoformat().removesuffix("+00:00") + (f".{self.fraction}" if self.fraction else "") + "Z"

    def _rank(self) -> tuple[datetime, str]:
        return self.second, self.fraction.rstrip("0")  # digits behind a point compare as texts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Watermark) and self._rank() == other._rank()

    def __lt__(self, other: Watermark) -> bool:
        return self._rank() < other._rank()

    def __hash__(self) -> int:
        return hash(self._rank())
