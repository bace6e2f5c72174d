"""Where a feed stands and what comes next: nothing is lost, whatever moves while it is read."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from odata_query.grammar import ODataLexer, ODataParser

from nudge_adapters.feeds.market import Links, Manner
from nudge_adapters.feeds.market.listing_record import stamp
from nudge_adapters.feeds.market.query import keep_house_rules, page_of, place_token, read_query, replication_query
from nudge_adapters.feeds.market.query import link as written_link
from nudge_adapters.feeds.odata import all_of, any_of, behind, text_literal
from nudge_adapters.feeds.profiles import BRIDGE, LOCAL_MARKET, MLS_GRID, SPARK_RESO, TRESTLE, WFRMLS, Paging, Profile
from nudge_adapters.feeds.records import RowPosition
from nudge_adapters.feeds.replication import Disordered, Position, advance, ask
from nudge_adapters.feeds.reso_requests import ResoRequests
from nudge_adapters.feeds.watermark import Watermark

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADDRESS = "https://mls.example.com/odata"
QUOTED_TIMESTAMP = re.compile(r"'\d{4}-\d\d-\d\dT")


class Server:
    """The market server's reading of our requests, without HTTP: rows with a key, a timestamp and a version."""

    def __init__(self, manner: Manner, *, shows_seconds: bool = False) -> None:
        """`shows_seconds`: it keeps and compares milliseconds, and shows whole seconds."""
        self.manner, self.shows_seconds = manner, shows_seconds
        self.rows: dict[str, dict[str, Any]] = {}

    def put(self, key: str, at: datetime, version: int) -> None:
        self.rows[key] = {
            "ListingKey": key,
            "ListingKeyNumeric": int(key),
            "ModificationTimestamp": stamp(at),
            "BridgeModificationTimestamp": stamp(at),
            "MlgCanView": True,
            "ListPrice": version,
        }

    def answer(self, address: str, now: datetime) -> tuple[list[dict[str, Any]], str | None]:
        rows, link = self._answer(address, now)
        if self.shows_seconds:
            rows = [one | {"ModificationTimestamp": one["ModificationTimestamp"][:19] + "Z"} for one in rows]
        return rows, link

    def _answer(self, address: str, now: datetime) -> tuple[list[dict[str, Any]], str | None]:
        query_string = urlsplit(address).query
        query = read_query(query_string, "", now)
        keep_house_rules(query, self.manner)
        records = [self.rows[key] for key in sorted(self.rows)]
        if self.manner.links is not Links.HEADER:
            page = page_of(records, query, self.manner)
            return list(page.rows), None if page.following is None else written_link(
                f"{ADDRESS}/Property", page.following
            )
        options = dict(parse_qsl(query_string, keep_blank_values=True))
        query = evolve(
            replication_query(query, self.manner), skiptoken=options.get("next"), top=None, preferred_page=query.top
        )
        page = page_of(records, query, self.manner)
        options["next"] = place_token(page.rows[-1], query.order) if page.rows else options.get("next", "")
        return list(page.rows), written_link(f"{ADDRESS}/Property/replication", options)


class Reader:
    """Reads a server page by page and keeps the newest version of each row."""

    def __init__(self, server: Server, profile: Profile) -> None:
        self.server, self.requests = server, ResoRequests(base=ADDRESS, profile=profile)
        self.position = Position()
        self.seen: dict[str, int] = {}
        self.pages = 0

    def page(self, now: datetime) -> bool:
        """Read one page; return whether there is more. The position goes through JSON as a cursor's state does."""
        profile = self.requests.profile
        position = Position.of_state(json.loads(json.dumps(self.position.state(profile.paging))), profile.paging)
        position = evolve(position, began=position.began or now)
        request = ask(position, profile)
        address = request.link or self.requests.page(request, profile.page)
        rows, link = self.server.answer(address, now)
        for row in rows:
            self.seen[row["ListingKey"]] = max(self.seen.get(row["ListingKey"], 0), row["ListPrice"])
        positions = [
            RowPosition(key=str(row[profile.key_field]), watermark=row[profile.watermark_field], at=None)
            for row in rows
        ]
        outcome = advance(position, profile, positions, link, profile.page, now)
        assert set(outcome.warnings) <= {"no_progress"}, (
            "exactly a page of rows came in before: the pass is begun again"
        )
        self.position = outcome.position
        self.pages += 1
        return outcome.more

    def pass_(self, now: datetime) -> None:
        before = self.pages
        while self.page(now):
            assert self.pages - before < 200, "a pass without an end"


WAYS = {
    "keyset": (evolve(LOCAL_MARKET, page=3), Manner(links=Links.SKIP)),
    "keyset, no links, numeric key": (
        evolve(WFRMLS, page=3),
        Manner(key_field="ListingKeyNumeric", links=Links.NONE, default_order="ListingKeyNumeric", largest_page=2),
    ),
    "reask": (evolve(TRESTLE, page=3), Manner(links=Links.SKIP, top_is_page_size=True)),
    "reask, no links": (evolve(TRESTLE, page=3), Manner(links=Links.NONE)),
    "reask, no order of ours": (
        evolve(MLS_GRID, page=3),
        Manner(links=Links.SKIP, top_is_page_size=True, may_order=False, default_order="ModificationTimestamp"),
    ),
    "key order": (evolve(SPARK_RESO, page=3), Manner(links=Links.SKIPTOKEN, top_is_page_size=True)),
}
KEYS = [str(number) for number in range(10, 22)]


@pytest.mark.parametrize("shows_seconds", [False, True], ids=["", "digits cut off"])
@pytest.mark.parametrize("way", WAYS)
@given(data=st.data())
def test_nothing_is_lost_whatever_moves_while_pages_are_read(
    way: str, shows_seconds: bool, data: st.DataObject
) -> None:
    profile, manner = WAYS[way]
    server = Server(manner, shows_seconds=shows_seconds)
    reader = Reader(server, profile)
    now, version = START, 1
    for key in data.draw(st.lists(st.sampled_from(KEYS), unique=True)):
        server.put(key, now, version)
    for _ in range(data.draw(st.integers(0, 25))):
        step = data.draw(st.sampled_from(["read", "read", "put", "put", "remove", "wait"]))
        if step == "read":
            reader.page(now)
        elif step == "put":
            version += 1
            server.put(data.draw(st.sampled_from(KEYS)), now, version)
        elif step == "remove" and server.rows:
            del server.rows[data.draw(st.sampled_from(sorted(server.rows)))]
        elif step == "wait":
            now += timedelta(seconds=data.draw(st.sampled_from([0.2, 1, 60, 7_200])))
    reader.pass_(now)  # the pass under way, or the rest of it
    reader.pass_(now)  # and one that began after the last change
    assert reader.position.loaded
    assert {key: reader.seen.get(key) for key in server.rows} == {
        key: row["ListPrice"] for key, row in server.rows.items()
    }


@given(data=st.data())
def test_header_links_lose_nothing_while_timestamps_are_the_servers_own(data: st.DataObject) -> None:
    """Bridge orders by its own clock, which never stands still or goes back."""
    profile, manner = evolve(BRIDGE, page=3), Manner(watermark_field="BridgeModificationTimestamp", links=Links.HEADER)
    server, now, version = Server(manner), START, 0
    reader = Reader(server, profile)
    for _ in range(data.draw(st.integers(0, 30))):
        now += timedelta(seconds=1)
        if data.draw(st.booleans()):
            version += 1
            server.put(data.draw(st.sampled_from(KEYS)), now, version)
        else:
            reader.page(now)
    reader.pass_(now)
    assert {key: reader.seen.get(key) for key in server.rows} == {
        key: row["ListPrice"] for key, row in server.rows.items()
    }


def test_a_row_that_the_first_walk_missed_is_found_by_another() -> None:
    """Four rows of one timestamp, three to a page; one leaves between the pages and shifts the last one away."""
    profile, manner = WAYS["reask"]
    server = Server(manner)
    for key in ("10", "11", "12", "13"):
        server.put(key, START, 1)
    reader, later = Reader(server, profile), START + timedelta(hours=1)
    reader.page(later)  # a whole page of one timestamp
    reader.page(later)  # the walk's first page: the same rows, nothing new
    server.put("10", later, 2)
    reader.pass_(later)
    assert reader.seen == {"10": 2, "11": 1, "12": 1, "13": 1}


def test_a_change_within_a_millisecond_already_read_comes_with_the_next_pass() -> None:
    """The pass goes on for hours after it, so an overlap from its end would not reach back to it."""
    profile, manner = WAYS["keyset"]
    server = Server(manner)
    for key in ("10", "11", "12"):
        server.put(key, START, 1)
    reader, later = Reader(server, profile), START + timedelta(hours=2)
    assert reader.page(START)
    server.put("10", START, 2)
    server.put("11", later, 3)
    reader.pass_(later)
    reader.pass_(later)
    assert reader.seen == {"10": 2, "11": 3, "12": 1}


def positions(*rows: tuple[str | None, str | None]) -> list[RowPosition]:
    return [RowPosition(key=key, watermark=at, at=None) for key, at in rows]


def test_a_removed_row_of_a_filter_that_is_dropped_comes_with_the_first_changes() -> None:
    """MLS Grid: loaded with MlgCanView eq true; what was removed meanwhile must be asked for afterwards."""
    began = START
    position = Position(began=began)
    rows = positions(("1", stamp(START + timedelta(minutes=30))))
    outcome = advance(position, MLS_GRID, rows, None, 1_000, START + timedelta(hours=1))
    assert outcome.finished
    assert "MlgCanView" not in ask(outcome.position, MLS_GRID).filter
    assert Watermark.read(outcome.position.high) == Watermark.of(began)


def test_a_watermark_in_the_future_is_not_where_the_next_pass_begins() -> None:
    rows = positions(("1", stamp(START)), ("2", "3000-01-01T00:00:00Z"))
    outcome = advance(Position(began=START), LOCAL_MARKET, rows, None, 200, START)
    assert outcome.position.high == stamp(START)


def test_a_pass_by_keys_is_followed_by_one_from_its_beginning() -> None:
    """A row changed after it was read lies behind the pass, so the next one must reach back to where this one began."""
    position = evolve(Position(), began=START)
    rows = positions(("9", stamp(START + timedelta(minutes=50))))
    outcome = advance(position, SPARK_RESO, rows, None, 1_000, START + timedelta(hours=1))
    assert outcome.finished
    assert outcome.position == Position(high=str(Watermark.of(START)), loaded=True)


def test_a_full_page_by_keys_without_a_link_is_not_taken_for_the_last_one() -> None:
    first = advance(Position(began=START), SPARK_RESO, positions(("1", stamp(START))), None, 1, START)
    assert (first.more, ask(first.position, SPARK_RESO).skip) == (True, 1)
    assert advance(first.position, SPARK_RESO, [], None, 1, START).finished


def test_rows_without_a_timestamp_do_not_stop_the_pass() -> None:
    """They come first; the pass goes on behind them and ends."""
    page = positions(*[(str(number), None) for number in range(3)])
    outcome = advance(Position(began=START), evolve(LOCAL_MARKET, page=3), page, None, 3, START)
    assert outcome.more
    assert ask(outcome.position, LOCAL_MARKET).filter == "ModificationTimestamp ge 1900-01-01T00:00:01Z"


def test_an_unordered_page_is_not_trusted() -> None:
    rows = positions(("1", stamp(START)), ("2", stamp(START - timedelta(hours=1))))
    with pytest.raises(Disordered):
        advance(Position(began=START), LOCAL_MARKET, rows, None, 2, START)


def test_timestamps_of_unlike_length_are_in_order_although_texts_are_not() -> None:
    rows = positions(("1", "2026-11-22T09:00:10.5Z"), ("2", "2026-11-22T09:00:10Z"))
    assert advance(Position(began=START), LOCAL_MARKET, rows, None, 200, START).finished


@pytest.mark.parametrize("profile", [SPARK_RESO, BRIDGE], ids=lambda profile: profile.name)
def test_a_link_that_repeats_begins_the_pass_again(profile: Profile) -> None:
    position = Position(began=START, high=stamp(START), link="https://mls.example.com/a")
    rows = positions(("1", stamp(START)))
    there = advance(position, profile, rows, "https://mls.example.com/b", 1, START).position
    back = advance(there, profile, rows, "https://mls.example.com/b", 1, START)
    assert (back.more, back.finished, back.warnings) == (False, False, ("repeated_link",))
    assert back.position.link is None


def test_links_in_a_circle_are_noticed() -> None:
    position = Position(began=START)
    rows = positions(("1", stamp(START)))
    for name in ("a", "b", "c"):
        outcome = advance(position, SPARK_RESO, rows, f"https://mls.example.com/{name}", 1, START)
        position = outcome.position
    assert advance(position, SPARK_RESO, rows, "https://mls.example.com/a", 1, START).warnings == ("repeated_link",)


def test_an_empty_page_with_a_link_is_followed_then_the_keyset_goes_on() -> None:
    first = advance(Position(began=START), LOCAL_MARKET, [], "https://mls.example.com/next", 200, START)
    assert first.more
    assert ask(first.position, LOCAL_MARKET).link == "https://mls.example.com/next"
    second = advance(first.position, LOCAL_MARKET, positions(("1", stamp(START))), "https://x/y", 200, START)
    assert ask(second.position, LOCAL_MARKET).link is None


BY_NUMBER = {"key order, no links": (evolve(SPARK_RESO, page=3), Manner(links=Links.NONE, may_order=False))}
"""Rows skipped by number through a whole pass: removals can shift it, so it is not among `WAYS`."""

IGNORED = ["$filter", "$orderby", "$skip", "$skiptoken", "$filter $skip", "$filter $orderby $skip $skiptoken"]


@pytest.mark.parametrize("apart", [0, 1], ids=["one timestamp", "many timestamps"])
@pytest.mark.parametrize("ignored", IGNORED)
@pytest.mark.parametrize("way", WAYS | BY_NUMBER)
def test_a_pass_ends_whatever_the_server_ignores(way: str, ignored: str, apart: int) -> None:
    """It may end with a warning or an error, but it ends, and it does not call itself finished with rows left out."""

    class Deaf(Server):
        def answer(self, address: str, now: datetime) -> tuple[list[dict[str, Any]], str | None]:
            path, _, query = address.partition("?")
            heard = [one for one in query.split("&") if one.split("=")[0] not in ignored.split()]
            return super().answer(f"{path}?{'&'.join(heard)}", now)

    profile, manner = (WAYS | BY_NUMBER)[way]
    server = Deaf(manner)
    for key in KEYS:
        server.put(key, START + timedelta(hours=apart * (int(key) * 7 % 11)), 1)
    position, seen, now = Position(), set[str](), START + timedelta(days=1)
    requests = ResoRequests(base=ADDRESS, profile=profile)
    for _page in range(200):
        position = evolve(position, began=position.began or now)
        request = ask(position, profile)
        rows, link = server.answer(request.link or requests.page(request, profile.page), now)
        seen |= {row["ListingKey"] for row in rows}
        told = [
            RowPosition(key=str(row[profile.key_field]), watermark=row[profile.watermark_field], at=None)
            for row in rows
        ]
        try:
            outcome = advance(position, profile, told, link, profile.page, now)
        except Disordered:
            return
        if not outcome.more:
            assert not outcome.finished or seen == set(KEYS)
            return
        position = outcome.position
    pytest.fail("a pass without an end")


def test_the_state_of_another_way_of_paging_keeps_only_where_the_next_pass_begins() -> None:
    position = Position(high=stamp(START), loaded=True, began=START, at=stamp(START), key="1")
    assert Position.of_state(position.state(Paging.KEYSET), Paging.REASK) == Position(high=stamp(START), loaded=True)


def test_a_state_of_another_version_reads_the_source_anew() -> None:
    assert Position.of_state({"v": 0, "high": stamp(START)}, Paging.KEYSET) == Position()


def parsed(text: str) -> object:
    return ODataParser().parse(ODataLexer().tokenize(text))


KEY_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)
MOMENTS = st.integers(631_152_000, 4_102_444_800).map(lambda epoch: datetime.fromtimestamp(epoch, UTC))


@given(MOMENTS, KEY_TEXTS, st.integers(0, 999_999), st.booleans())
def test_filters_are_odata_to_an_independent_parser(moment: datetime, key: str, fraction: int, number: bool) -> None:
    mark = Watermark(moment.replace(microsecond=0), f"{fraction:06d}")
    literal = "4711" if number else text_literal(key)
    for text in (
        behind("ModificationTimestamp", mark, "ListingKey", literal),
        all_of(
            f"OriginatingSystemName eq {text_literal(key)}", "MlgCanView eq true", f"ModificationTimestamp ge {mark}"
        ),
        any_of("ListingKey", [literal, literal]),
    ):
        assert parsed(text) is not None
        assert "T" not in key or not QUOTED_TIMESTAMP.search(text.replace(text_literal(key), ""))


@pytest.mark.parametrize("way", WAYS)
def test_every_filter_of_a_pass_is_odata_and_quotes_no_timestamp(way: str) -> None:
    profile, manner = WAYS[way]
    server = Server(manner)
    for key in KEYS:
        server.put(key, START + timedelta(seconds=int(key) % 2), 1)
    reader, filters = Reader(server, profile), []
    for _ in range(2):
        more = True
        while more:
            request = ask(reader.position, profile, "OriginatingSystemName eq 'o''fallon'")
            filters.append(request.filter)
            more = reader.page(START + timedelta(hours=1))
    assert len(filters) > 2
    for text in filter(None, filters):
        assert parsed(text) is not None
        assert not QUOTED_TIMESTAMP.search(text)
