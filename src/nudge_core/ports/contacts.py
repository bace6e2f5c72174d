"""Contacts from outside: telephone numbers as people write them, and address books elsewhere."""

from __future__ import annotations

from typing import Protocol

from attrs import field, frozen


@frozen(kw_only=True)
class PhoneRead:
    """A number that was read. `e164` None: it could not be, and `problem` says why in words to act on."""

    e164: str | None = field(default=None, repr=False)
    extension: str = field(default="", repr=False)
    problem: str | None = None


class PhoneReader(Protocol):
    """Reads telephone numbers. Pure: no network."""

    def read(self, text: str, region: str) -> PhoneRead:
        """Return the number in E.164, or why it is none.

        Args:
            text: as somebody wrote it, of any length.
            region: two letters (ISO 3166-1): the country of a number without its code.
        """
        ...

    def region_of(self, e164: str) -> str | None:
        """Return the country of a number, two letters; None when its code is shared by no one country."""
        ...
