"""Where a feed has been read to, and what to ask next: a pure function of the last position and the page that came.

A pass reads everything since the last pass, page by page. Its position is small JSON in `FeedCursor.state`, so a pass
goes on where it stood after a crash: a page whose rows were not stored is asked again.

Nothing is skipped whatever moves meanwhile (`mls-feeds.md` 4.1): positions are places in the order of watermark and
key, never row numbers, and where only a server's row numbers are left (`Paging.REASK` in a group of one timestamp) the
group is walked until two walks find the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import asdict, evolve, frozen

from nudge_adapters.feeds.odata import all_of, behind, key_literal, shown_as
from nudge_adapters.feeds.profiles import Paging, Profile
from nudge_adapters.feeds.records import RowPosition
from nudge_adapters.feeds.watermark import Watermark
from nudge_core.model.json import Json, JsonObject

STATE_VERSION = 1
EARLIEST = "1900-01-01T00:00:00Z"  # before any listing: what lies before it has no timestamp
REMEMBERED_LINKS = 32
MOST_WALKS = 30  # through one group; beyond it the server's order is not the same twice
DISORDER = timedelta(seconds=1)
"""Rows further out of order than this were not ordered at all. Servers that order timestamps as texts of unlike length
are off by less than a second, and order and filter alike."""


class Disordered(Exception):
    """A page is not in the order that was asked for: no place in it can be trusted."""


@frozen(kw_only=True)
class Position:
    """How far one source has been read.

    `high`: greatest watermark received that was not in the future: where the next pass begins. `loaded`: the first
    load has ended. The rest is about the pass under way: `began`, when it began; `top`, the greatest watermark of it
    (KEY_ORDER); `at` and `key`, the last row received; `known`, keys received with the timestamp `at`; `beyond`, go on
    behind all of `at`; `link`, the next link; `followed`, digests of the links followed without a row between.
    Of a walk through the group of `at`: `walking`, which walk it is, `passed`, its rows so far (in the order of keys:
    those of the pass), `trail`, a digest of their keys, `last_trail`, that of the walk before. `last_page`: a digest of
    the keys of the page before, where rows are skipped by number.
    """

    high: str | None = None
    loaded: bool = False
    began: datetime | None = None
    top: str | None = None
    at: str | None = None
    key: str | None = None
    known: tuple[str, ...] = ()
    beyond: bool = False
    walking: int = 0
    passed: int = 0
    trail: str = ""
    last_trail: str = ""
    last_page: str = ""
    link: str | None = None
    followed: tuple[str, ...] = ()

    def state(self, paging: Paging) -> JsonObject:
        """Return the position as JSON, without what is empty."""
        state: dict[str, Json] = {"v": STATE_VERSION, "paging": paging.value}
        if self.began is not None:
            state["began"] = self.began.isoformat()
        rest = asdict(self, recurse=False, filter=lambda attribute, value: attribute.name != "began" and bool(value))
        return state | rest

    @classmethod
    def of_state(cls, state: Mapping[str, Any], paging: Paging) -> Position:
        """Return the position a cursor holds.

        A state of another version is none: the source is read anew. Of one written with another way of paging only
        `high` and `loaded` mean anything.
        """
        if state.get("v") != STATE_VERSION:
            return cls()
        settled = cls(high=state.get("high"), loaded=bool(state.get("loaded")))
        if state.get("paging") != paging.value:
            return settled
        began = state.get("began")
        return evolve(
            settled,
            began=datetime.fromisoformat(began) if began else None,
            top=state.get("top"),
            at=state.get("at"),
            key=state.get("key"),
            known=tuple(state.get("known", ())),
            beyond=bool(state.get("beyond")),
            walking=int(state.get("walking", 0)),
            passed=int(state.get("passed", 0)),
            trail=state.get("trail", ""),
            last_trail=state.get("last_trail", ""),
            last_page=state.get("last_page", ""),
            link=state.get("link"),
            followed=tuple(state.get("followed", ())),
        )


@frozen(kw_only=True)
class Ask:
    """What to ask: a link, or a filter with an order and a number of rows to skip (where nothing else is left)."""

    link: str | None = None
    filter: str = ""
    order: tuple[str, ...] = ()
    skip: int = 0


@frozen(kw_only=True)
class Outcome:
    """Where a page leads. `more`: ask again at once. `finished`: the pass has ended and nothing was left out of it."""

    position: Position
    more: bool
    finished: bool = False
    warnings: tuple[str, ...] = ()


def ask(position: Position, profile: Profile, always: str = "") -> Ask:
    """Return what to ask at a position.

    Args:
        always: a filter that stands in every request, such as the system's name.
    """
    if position.link is not None:
        return Ask(link=position.link)
    watermark, load = profile.watermark_field, "" if position.loaded else profile.first_load_filter
    order: tuple[str, ...] = (watermark, profile.key_field) if profile.ordered else ()
    at = Watermark.read(position.at)
    if at is None:
        since = Watermark.read(position.high)
        lower = "" if since is None else f"{watermark} gt {since.minus(profile.overlap)}"
        return Ask(filter=all_of(always, load, lower), order=order, skip=position.passed)
    if position.walking:
        order = (profile.key_field,) if profile.ordered else ()
        return Ask(filter=all_of(always, load, shown_as(watermark, at)), order=order, skip=position.passed)
    if position.beyond:
        lower = f"{watermark} ge {at.next()}"
    elif profile.paging is Paging.REASK or position.key is None:
        lower = f"{watermark} ge {at}"
    else:
        key = key_literal(position.key, number=profile.key_is_number)
        lower = behind(watermark, at, profile.key_field, key)
    return Ask(filter=all_of(always, load, lower), order=order)


def known(position: Position, row_key: str, row_watermark: str | None) -> bool:
    """Say whether a row was received before in this group of one timestamp."""
    return row_key in position.known and Watermark.read(row_watermark) == Watermark.read(position.at)


def advance(
    position: Position, profile: Profile, rows: Sequence[RowPosition], link: str | None, asked: int, now: datetime
) -> Outcome:
    """Return where a page leads.

    Args:
        position: before the page was asked for; `began` is set.
        rows: of all rows received, in the order received.
        link: the next link as an address, or None.
        asked: how many rows were asked for.
        now: nothing later than this becomes `high`.

    Raises:
        Disordered: the order that was asked for was ignored.
    """
    if profile.paging is Paging.KEY_ORDER:
        return _through_keys(position, rows, link, asked, now)
    position = evolve(position, high=_later(position.high, rows, now))
    if profile.paging is Paging.HEADER:
        return _along_headers(position, rows, link, now)
    more = link is not None or len(rows) >= asked or (not profile.sends_links and bool(rows))
    placed = [(mark, row) for row in rows if row.key and (mark := Watermark.read(row.watermark)) is not None]
    if placed and placed[-1][0].second + DISORDER < max(mark for mark, _row in placed).second:
        raise Disordered
    if _was_ignored(position, placed):
        return _given_up(position, "no_progress") if more else _ended(position)
    if position.walking:
        return _walk(position, [row for _mark, row in placed], link, more)
    if not placed:
        return _nothing_placed(position, rows, link)
    if profile.paging is Paging.KEYSET:
        return _keyset(position, placed, more, number=profile.key_is_number)
    return _reask(position, placed, more)


def restarted(position: Position) -> Position:
    """Return the position from which the pass under way begins again: after a link that led nowhere."""
    return Position(high=_settled(position), loaded=position.loaded)


Placed = Sequence[tuple[Watermark, RowPosition]]


def _was_ignored(position: Position, placed: Placed) -> bool:
    """Say whether rows came that had been asked to stay away: the server does not heed the filter."""
    at = Watermark.read(position.at)
    if at is None or not placed:
        return False
    first = placed[0][0]
    return first.second + DISORDER < at.second or (position.beyond and at <= first < at.next())


def _keyset(position: Position, placed: Placed, more: bool, *, number: bool) -> Outcome:
    """Go on behind the last row. Where that is not further than before, the server keeps digits that it does not show:
    to it `gt` holds for rows already received. Then the group of what is shown alike is walked."""
    mark, last = placed[-1]
    if not more:
        return _ended(position)
    if mark == Watermark.read(position.at) and not _is_behind(last.key, position.key, number=number):
        return Outcome(position=evolve(position, key=None, walking=1), more=True)
    return Outcome(
        position=evolve(position, at=last.watermark, key=last.key, beyond=False, link=None, followed=()), more=True
    )


def _is_behind(key: str | None, other: str | None, *, number: bool) -> bool:
    """Say whether a key comes after another. Where the server's order is another, a walk is taken in vain, no more."""
    if key is None or other is None:
        return True
    return int(key) > int(other) if number and key.isdecimal() and other.isdecimal() else key > other


def _reask(position: Position, placed: Placed, more: bool) -> Outcome:
    mark, last = placed[-1]
    one_group = all(same == mark for same, _row in placed)
    here = {row.key for same, row in placed if same == mark and row.key}
    position = evolve(position, at=last.watermark, known=tuple(sorted(here)), beyond=False, link=None, followed=())
    if not more:
        return _ended(position)
    return Outcome(position=evolve(position, walking=1) if one_group else position, more=True)


def _walk(position: Position, rows: Sequence[RowPosition], link: str | None, more: bool) -> Outcome:
    """Go through one group of equal timestamps by the server's own positions, until two walks find the same keys.

    A row that leaves the group while it is walked shifts the ones behind it, so that one may be missed. It is not
    enough that a walk brings no new key (`mls-feeds.md` 4.2): the first walk of all may be the one that missed a row.
    But a row that left during a walk, after it was read, is not in the next walk; so where two walks in a row find the
    same keys, none left during the first, and none was missed.
    """
    keys = [row.key for row in rows if row.key]
    page = _trail("", keys)
    if position.passed and rows and page == position.last_page:  # rows came in before this one, or it does not skip
        return _walk_again(position, last_trail="")
    position = evolve(
        position,
        known=tuple(sorted({*position.known, *keys})),
        passed=position.passed + len(rows),
        trail=_trail(position.trail, keys),
        last_page=page,
    )
    if link is not None:
        return _follow(position, link) or _given_up(position, "repeated_link")
    position = evolve(position, link=None, followed=())
    if more:
        return Outcome(position=position, more=True)
    if position.trail == position.last_trail:
        beyond = evolve(position, walking=0, passed=0, trail="", last_trail="", last_page="", beyond=True)
        return Outcome(position=beyond, more=True)
    return _walk_again(position, last_trail=position.trail)


def _walk_again(position: Position, last_trail: str) -> Outcome:
    if position.walking >= MOST_WALKS:
        return _given_up(position, "restless_group")
    again = evolve(
        position,
        walking=position.walking + 1,
        passed=0,
        trail="",
        last_trail=last_trail,
        last_page="",
        link=None,
        followed=(),
    )
    return Outcome(position=again, more=True)


def _trail(trail: str, keys: Sequence[str]) -> str:
    """Return a digest of the keys of a walk so far, whatever their order: the sum of their hashes in 64 bits."""
    total = int(trail or "0", 16)
    for key in keys:
        total += int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    return f"{total % 2**64:016x}"


def _nothing_placed(position: Position, rows: Sequence[RowPosition], link: str | None) -> Outcome:
    """A page without a row that has a place: empty, or rows without a timestamp."""
    if link is not None:
        followed = _follow(position, link)
        return followed or evolve(_ended(position), warnings=("repeated_link",))
    if rows and position.at is None:  # rows without a timestamp come first and fill the page: go on behind them
        return Outcome(position=evolve(position, at=EARLIEST, key=None, beyond=True), more=True)
    return _ended(position)


def _through_keys(
    position: Position, rows: Sequence[RowPosition], link: str | None, asked: int, now: datetime
) -> Outcome:
    """A pass in the order of keys: of a row changed after it was read the change is only in the next pass.

    A full page without a link may be the last one, or that of a server to which `$top` is the sum of all pages: only
    there rows are skipped by number, which a removal meanwhile can shift.
    """
    position = evolve(position, top=_later(position.top, rows, now), passed=position.passed + len(rows))
    if link is not None:
        return _follow(position, link) or _given_up(position, "repeated_link")
    page = _trail("", [row.key for row in rows if row.key])
    if rows and page == position.last_page:
        return _given_up(position, "no_progress")  # a server that does not skip
    if len(rows) >= asked:
        return Outcome(position=evolve(position, link=None, last_page=page), more=True)
    high = _greater(position.high, _settled(evolve(position, high=position.top)))
    return Outcome(position=Position(high=high, loaded=True), more=False, finished=True)


def _along_headers(position: Position, rows: Sequence[RowPosition], link: str | None, now: datetime) -> Outcome:
    marks = [mark for row in rows if (mark := Watermark.read(row.watermark)) is not None]
    if rows and link is not None:
        position = evolve(position, at=str(marks[-1]) if marks else position.at)
        return _follow(position, link) or _given_up(position, "repeated_link")
    last = Watermark.read(position.at)
    future = last is not None and last > Watermark.of(now)  # behind such a row the link would show nothing any more
    kept = None if rows or future else (link or position.link)
    ended = _ended(position)
    return evolve(ended, position=evolve(ended.position, link=kept))


def _ended(position: Position) -> Outcome:
    return Outcome(position=Position(high=_settled(position), loaded=True), more=False, finished=True)


def _settled(position: Position) -> str | None:
    """Return where the next pass begins: at the greatest watermark received, but no later than this pass began.

    What became visible behind our back while a long pass went on (a row changed within the same millisecond, one hidden
    by the filter of the first load) then lies within the overlap of the next one. Our clock only ever makes it earlier.
    """
    high = Watermark.read(position.high)
    if high is None or position.began is None or high <= Watermark.of(position.began):
        return position.high
    return str(Watermark.of(position.began))


def _given_up(position: Position, warning: str) -> Outcome:
    """Nothing more can be had in this pass: begin it again with the next poll, so that nothing is passed over."""
    return Outcome(position=restarted(position), more=False, warnings=(warning,))


def _follow(position: Position, link: str) -> Outcome | None:
    """Return the position at a link, or None when it was followed before."""
    digest = hashlib.sha256(link.encode()).hexdigest()[:12]
    if digest in position.followed or link == position.link:
        return None
    followed = [*position.followed, digest][-REMEMBERED_LINKS:]
    return Outcome(position=evolve(position, link=link, followed=tuple(followed)), more=True)


def _later(known_high: str | None, rows: Sequence[RowPosition], now: datetime) -> str | None:
    """Return the greatest watermark received so far that is not later than `now`, as it was received."""
    limit, high = Watermark.of(now), known_high
    for row in rows:
        mark = Watermark.read(row.watermark)
        if mark is not None and mark <= limit:
            high = _greater(high, row.watermark)
    return high


def _greater(one: str | None, other: str | None) -> str | None:
    first, second = Watermark.read(one), Watermark.read(other)
    if first is None or (second is not None and second > first):
        return other
    return one
