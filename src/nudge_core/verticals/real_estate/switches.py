"""What an operator may allow; the strict value is the default. Source: `verticals.md` 3.2 and 3.5."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Switches:
    """`close_price`: a sale price may be told (some states do not disclose it, and display rules differ).

    `tell_of_gone_listings`: clients who were told about a home may be told that its listing expired or was withdrawn.
    """

    close_price: bool = False
    tell_of_gone_listings: bool = False


STRICT = Switches()
