"""Where a feed has been read to, and what to ask next: a pure function of the last position and the page that came.

A pass reads everything since the last pass, page by page. Its position is small JSON in `FeedCursor.state`, so a pass
goes on where it stood after a crash: a page whose rows were not stored is asked again.

Nothing is skipped whatever moves meanwhile (`mls-feeds.md` 4.1): positions are places in the order of watermark and
key, never row numbers, and where only a server's row numbers are left (`Paging.REASK` in a group of one timestamp) the
group is walked until a walk brings nothing new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import asdict, evolve, frozen

from nudge_adapters.feeds.odata import all_of, behind, key_literal
from nudge_adapters.feeds.profiles import Paging, Profile
from nudge_adapters.feeds.records import RowPosition
from nudge_adapters.feeds.watermark import Watermark
from nudge_core.model.json import Json, JsonObject

STATE_VERSION = 1
EARLIEST = "1900-01-01T00:00:00Z"  # before any listing: what lies before it has no timestamp
REMEMBERED_LINKS = 32
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
    behind all of `at`; `walking`, the group of `at` is being walked, `fresh` when this walk brought a new key, `passed`
    rows of it so far; `link`, the next link; `followed`, digests of the links followed without a row between.
    """

    high: str | None = None
    loaded: bool = False
    began: datetime | None = None
    top: str | None = None
    at: str | None = None
    key: str | None = None
    known: tuple[str, ...] = ()
    beyond: bool = False
    walking: bool = False
    fresh: bool = False
    passed: int = 0
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
            walking=bool(state.get("walking")),
            fresh=bool(state.get("fresh")),
            passed=int(state.get("passed", 0)),
            link=state.get("link"),
            followed=tuple(state.get("followed", ())),
        )


@frozen(kw_only=True)
class Ask:
    """What to ask: a link, or a filter with an order and rows to skip (only in a group of one timestamp)."""

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
        return Ask(filter=all_of(always, load, lower), order=order)
    if position.walking:
        order = (profile.key_field,) if profile.ordered else ()
        return Ask(filter=all_of(always, load, f"{watermark} eq {at}"), order=order, skip=position.passed)
    if profile.paging is Paging.REASK:
        lower = f"{watermark} {'gt' if position.beyond else 'ge'} {at}"
    elif position.key is None:
        lower = f"{watermark} gt {at}"
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
        return _through_keys(position, rows, link, now)
    position = evolve(position, high=_later(position.high, rows, now))
    if profile.paging is Paging.HEADER:
        return _along_headers(position, rows, link, profile)
    more = link is not None or len(rows) >= asked or (not profile.sends_links and bool(rows))
    placed = [(mark, row) for row in rows if row.key and (mark := Watermark.read(row.watermark)) is not None]
    if placed and placed[-1][0].second + DISORDER < max(mark for mark, _row in placed).second:
        raise Disordered
    if position.walking:
        return _walk(position, [row for _mark, row in placed], link, more)
    if not placed:
        return _nothing_placed(position, rows, link, profile)
    return (_keyset if profile.paging is Paging.KEYSET else _reask)(position, placed, more, profile)


def restarted(position: Position) -> Position:
    """Return the position from which the pass under way begins again: after a link that led nowhere."""
    return Position(high=position.high, loaded=position.loaded)


Placed = Sequence[tuple[Watermark, RowPosition]]


def _keyset(position: Position, placed: Placed, more: bool, profile: Profile) -> Outcome:
    last = placed[-1][1]
    if (last.watermark, last.key) == (position.at, position.key):  # a server that ignores filters sends page 1 for ever
        return Outcome(position=restarted(position), more=False, warnings=("no_progress",))
    position = evolve(position, at=last.watermark, key=last.key, link=None, followed=())
    return Outcome(position=position, more=True) if more else _ended(position, profile)


def _reask(position: Position, placed: Placed, more: bool, profile: Profile) -> Outcome:
    mark, last = placed[-1]
    here = {row.key for same, row in placed if same == mark and row.key}
    if mark == Watermark.read(position.at):
        here |= set(position.known)
    one_group = all(same == mark for same, _row in placed)
    position = evolve(position, at=last.watermark, known=tuple(sorted(here)), beyond=False, link=None, followed=())
    if not more:
        return _ended(position, profile)
    return Outcome(position=evolve(position, walking=True, fresh=False, passed=0) if one_group else position, more=True)


def _walk(position: Position, rows: Sequence[RowPosition], link: str | None, more: bool) -> Outcome:
    """Go through one group of equal timestamps by the server's own positions, until a walk brings no new key.

    Rows move out of the group while it is walked, so a walk may miss some; they are found by the next walk, or where
    they moved to.
    """
    new = {row.key for row in rows if row.key} - set(position.known)
    position = evolve(position, known=tuple(sorted({*position.known, *new})), fresh=position.fresh or bool(new))
    if link is not None:
        return _follow(position, link) or _given_up(position)
    if more:
        return Outcome(position=evolve(position, passed=position.passed + len(rows)), more=True)
    position = evolve(position, passed=0, link=None, followed=())
    if position.fresh:
        return Outcome(position=evolve(position, fresh=False), more=True)
    return Outcome(position=evolve(position, walking=False, beyond=True), more=True)


def _nothing_placed(position: Position, rows: Sequence[RowPosition], link: str | None, profile: Profile) -> Outcome:
    """A page without a row that has a place: empty, or rows without a timestamp."""
    if link is not None:
        followed = _follow(position, link)
        return followed or evolve(_ended(position, profile), warnings=("repeated_link",))
    if rows and position.at is None:  # rows without a timestamp come first and fill the page: go on behind them
        return Outcome(position=evolve(position, at=EARLIEST, key=None, beyond=True), more=True)
    return _ended(position, profile)


def _through_keys(position: Position, rows: Sequence[RowPosition], link: str | None, now: datetime) -> Outcome:
    """A pass in the order of keys: an update of a row already read is only in the next pass, so that one must begin
    no later than this one did."""
    position = evolve(position, top=_later(position.top, rows, now))
    if link is not None:
        return _follow(position, link) or _given_up(position)
    top, began = Watermark.read(position.top), position.began or now
    if top is not None:
        reached = position.top if top <= Watermark.of(began) else str(Watermark.of(began))
        position = evolve(position, high=_greater(position.high, reached))
    return Outcome(position=Position(high=position.high, loaded=True), more=False, finished=True)


def _along_headers(position: Position, rows: Sequence[RowPosition], link: str | None, profile: Profile) -> Outcome:
    if rows and link is not None:
        return _follow(position, link) or _given_up(position)
    kept = (link or position.link) if not rows else None
    ended = _ended(position, profile)
    return evolve(ended, position=evolve(ended.position, link=kept))


def _ended(position: Position, profile: Profile) -> Outcome:
    high = position.high
    if not position.loaded and profile.first_load_filter and position.began is not None:
        mark = Watermark.read(high)  # what the filter hid while it was loaded must come with the first changes
        if mark is not None and mark > Watermark.of(position.began):
            high = str(Watermark.of(position.began))
    return Outcome(position=Position(high=high, loaded=True), more=False, finished=True)


def _given_up(position: Position) -> Outcome:
    """The links lead in a circle: begin the pass again with the next poll, so that nothing is passed over."""
    return Outcome(position=restarted(position), more=False, warnings=("repeated_link",))


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
