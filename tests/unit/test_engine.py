"""The engine agrees with the slow reference scorer to the last digit, and never does what it must never do."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge_core.errors import Invalid
from nudge_core.matching.audience import Audience
from nudge_core.matching.constraints import FeatureWish, MatchSchema, Seeker, Subject
from nudge_core.matching.engine import each_of_books, rank, shortlist
from nudge_core.matching.live import LEAST_CHANGED, LiveBook
from nudge_core.matching.ranking import Ranking
from nudge_core.model.briefing import Decision, Outcome, Strength
from nudge_core.model.client import Role
from nudge_core.model.vector import Vector
from nudge_entrypoints.bench.reference_scorer import Expected, judge, rank_one
from tests.unit.matching_books import FIELDS, books, large_book, schemas, subjects, wish_lists

EXAMPLES = 150


def ranked(schema: MatchSchema, book: Sequence[Seeker], offers: Sequence[Subject], top: int) -> tuple[Ranking, ...]:
    return rank(Audience.build(schema, book), offers, top=top)


def plain(ranking: Ranking) -> object:
    """Everything a ranking says, without the words of its reasons."""
    members = [
        (
            m.client_id,
            m.role,
            m.score,
            m.coverage,
            m.decision,
            [(r.constraint, r.strength, r.outcome) for r in m.reasons],
        )
        for m in ranking.members
    ]
    return members, ranking.considered, dict(ranking.excluded), dict(ranking.not_offered)


def expected(result: Expected) -> object:
    members = [
        (m.client_id, m.role, m.score, m.coverage, m.decision, [(j.name, j.strength, j.outcome) for j in m.judged])
        for m in result.members
    ]
    return members, result.considered, result.excluded, result.not_offered


@given(data=st.data(), schema=schemas, book=books(), top=st.sampled_from([1, 2, 50]))
@settings(max_examples=EXAMPLES, deadline=None)
def test_engine_and_reference_agree_on_everything(
    data: st.DataObject, schema: MatchSchema, book: tuple[Seeker, ...], top: int
) -> None:
    offers = data.draw(st.lists(subjects(schema), min_size=1, max_size=3))
    results = ranked(schema, book, offers, top)
    assert [ranking.subject_id for ranking in results] == [offer.id for offer in offers]
    for offer, ranking in zip(offers, results, strict=True):
        assert plain(ranking) == expected(rank_one(schema, book, offer, top))


@pytest.mark.parametrize("seed", range(3))
def test_engine_and_reference_agree_on_larger_books(seed: int) -> None:
    book, offers = large_book(seed, clients=150, offers=12)
    schema = MatchSchema(fields=FIELDS, soft_miss_score=0.8 if seed == 1 else None)
    for top in (5, 1_000):
        for offer, ranking in zip(offers, ranked(schema, book, offers, top), strict=True):
            assert plain(ranking) == expected(rank_one(schema, book, offer, top))


@given(data=st.data(), schema=schemas, book=books(), top=st.sampled_from([1, 50]))
@settings(max_examples=50, deadline=None)
def test_the_order_of_the_book_changes_nothing(
    data: st.DataObject, schema: MatchSchema, book: tuple[Seeker, ...], top: int
) -> None:
    offers = data.draw(st.lists(subjects(schema), min_size=1, max_size=2))
    shuffled = data.draw(st.permutations(book))
    shaken = [evolve(s, wishes=tuple(data.draw(st.permutations(s.wishes)))) for s in shuffled]
    assert ranked(schema, book, offers, top) == ranked(schema, shaken, offers, top)


@given(data=st.data(), schema=schemas, book=books())
@settings(max_examples=100, deadline=None)
def test_no_hard_constraint_is_ever_violated_and_unknown_is_never_met(
    data: st.DataObject, schema: MatchSchema, book: tuple[Seeker, ...]
) -> None:
    """Judged anew for every member by the reference: what is offered rests on evidence alone."""
    offer = data.draw(subjects(schema))
    seekers = {(seeker.client_id, seeker.role): seeker for seeker in book}
    (ranking,) = ranked(schema, book, [offer], 50)
    for member in ranking.members:
        judged = judge(schema, seekers[member.client_id, member.role], offer)
        hard = [j.outcome for j in judged if j.strength is Strength.HARD]
        met = [j for j in judged if j.outcome is Outcome.MET]
        assert Outcome.MISSED not in hard
        assert member.decision is Decision.ASK or Outcome.UNKNOWN not in hard
        known = [j for j in judged if j.outcome is not Outcome.UNKNOWN]
        assert member.decision is Decision.ASK or len(known) >= schema.least_known
        assert met or member.decision is Decision.OFFER
        assert member.coverage == pytest.approx(sum(j.weight for j in known) / sum(j.weight for j in judged))
        assert member.included is (member.decision is Decision.OFFER)


@given(data=st.data(), schema=schemas, book=books())
@settings(max_examples=100, deadline=None)
def test_the_account_adds_up_and_nobody_is_there_twice(
    data: st.DataObject, schema: MatchSchema, book: tuple[Seeker, ...]
) -> None:
    offer = data.draw(subjects(schema))
    (ranking,) = ranked(schema, book, [offer], 2)
    counted = len(ranking.members) + sum(ranking.excluded.values()) + sum(ranking.not_offered.values())
    assert counted == ranking.considered
    assert len({member.client_id for member in ranking.members}) == len(ranking.members) <= 2
    scores = [(member.score, member.coverage) for member in ranking.members]
    assert scores == sorted(scores, reverse=True)


@given(data=st.data(), book=books(), wish=st.sampled_from(["view", "pool", "garage"]))
@settings(max_examples=100, deadline=None)
def test_a_missed_soft_wish_never_raises_a_score(data: st.DataObject, book: tuple[Seeker, ...], wish: str) -> None:
    """With soft misses allowed, so that both can be seen; the wish is worth nothing, as outside every band."""
    schema = MatchSchema(fields=FIELDS, soft_miss_score=0.0, least_known=0, least_coverage=0.0)
    offer = data.draw(subjects(schema))
    offer = evolve(offer, has=offer.has - {wish}, lacks=offer.lacks | {wish})
    more = []
    for seeker in book:
        others = tuple(w for w in seeker.wishes if not isinstance(w, FeatureWish) or w.feature != wish)
        if not others:  # who had no wish at all had no score to compare with
            continue
        missed = FeatureWish(feature=wish, strength=Strength.SOFT)
        more.append((evolve(seeker, wishes=others), evolve(seeker, wishes=(*others, missed))))
    (before,) = ranked(schema, [seeker for seeker, _ in more], [offer], 50)
    (after,) = ranked(schema, [seeker for _, seeker in more], [offer], 50)
    scores = {member.client_id: member.score for member in before.members}
    for member in after.members:
        assert member.client_id not in scores or member.score <= scores[member.client_id]


@given(data=st.data(), schema=schemas, book=books())
@settings(max_examples=EXAMPLES, deadline=None)
def test_codes_say_what_the_reasons_say(data: st.DataObject, schema: MatchSchema, book: tuple[Seeker, ...]) -> None:
    offer = data.draw(subjects(schema))
    (found,) = shortlist(Audience.build(schema, book), [offer], top=50)
    for place, member in enumerate(found.ranking().members):
        said: dict[str, Outcome] = {}
        for reason in member.reasons:
            if reason.outcome is Outcome.MISSED or (
                reason.outcome is Outcome.UNKNOWN and said.get(reason.constraint) is not Outcome.MISSED
            ):
                said[reason.constraint] = reason.outcome
        assert found.unmet(place) == said


def alone(seekers: Sequence[Seeker]) -> Sequence[Seeker]:
    """Leave vectors of one model only: many books in one pass have one."""
    return [
        evolve(
            s,
            vector=s.vector if s.vector and (s.vector.model_id, s.vector.dim) == ("m", 3) else None,
            avoid=tuple(v for v in s.avoid if (v.model_id, v.dim) == ("m", 3)),
        )
        for s in seekers
    ]


@given(
    data=st.data(), schema=schemas, several=st.lists(books(most=6), min_size=1, max_size=4), top=st.sampled_from([1, 3])
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_many_books_in_one_pass_are_each_ranked_as_alone(
    data: st.DataObject, schema: MatchSchema, several: list[tuple[Seeker, ...]], top: int
) -> None:
    text = Vector(np.array([0.0, 1.0, 0.0], np.float32), "m")
    own = []
    for number, book in enumerate(several):
        apart = [evolve(s, client_id=UUID(int=s.client_id.int + number)) for s in alone(book)]
        # Somebody of every book has a text, so that the model is the same in the pass and alone.
        speaker = Seeker(client_id=UUID(int=(99 << 96) + number), role=Role.BUYER, wishes=data.draw(wish_lists()))
        wishes = speaker.wishes or several[0][0].wishes if several[0] else speaker.wishes
        own.append([*apart, evolve(speaker, wishes=wishes, vector=text)])
    offers = data.draw(st.lists(subjects(schema), min_size=1, max_size=2))
    together = [(seeker, number) for number, book in enumerate(own) for seeker in book]
    audience = Audience.build(schema, [s for s, _ in together], of=[number for _, number in together])
    if any(not Audience.build(schema, book).meanings for book in own):
        offers = [evolve(offer, vector=None) for offer in offers]
    for offer, found in zip(offers, each_of_books(audience, offers, top=top), strict=True):
        assert [one.ranking() for one in found] == [ranked(schema, book, [offer], top)[0] for book in own]


@given(data=st.data(), schema=schemas, book=books(), others=books(), top=st.sampled_from([1, 3, 50]))
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_changed_book_ranks_as_one_built_anew(
    data: st.DataObject, schema: MatchSchema, book: tuple[Seeker, ...], others: tuple[Seeker, ...], top: int
) -> None:
    live = LiveBook.of(schema, book)
    clients = {s.client_id: [t for t in book if t.client_id == s.client_id] for s in book}
    offers = data.draw(st.lists(subjects(schema), min_size=1, max_size=2))
    for own in data.draw(st.lists(st.sampled_from(sorted({s.client_id for s in (*book, *others)} | {UUID(int=0)})))):
        clients[own] = [s for s in others if s.client_id == own] if data.draw(st.booleans()) else []
        live.put(own, clients[own])
        expected_now = [seeker for seekers in clients.values() for seeker in seekers]
        assert live.rank(offers, top=top) == ranked(schema, expected_now, offers, top)


def test_a_book_that_changed_much_is_built_anew_and_a_bad_change_leaves_it_as_it_was() -> None:
    book, offers = large_book(3, clients=LEAST_CHANGED + 20, offers=4)
    schema = MatchSchema(fields=FIELDS)
    live = LiveBook.of(schema, book)
    clients = list(dict.fromkeys(seeker.client_id for seeker in book))
    with pytest.raises(Invalid):
        live.put(clients[0], [evolve(book[0], client_id=clients[1])])
    assert live.waiting == 0
    for own in clients[: LEAST_CHANGED + 1]:
        live.put(own, [evolve(s, recency=9) for s in book if s.client_id == own])
    assert live.waiting == 0
    live.put(clients[0], [])
    assert live.waiting == 1
    now = [s for s in book if s.client_id not in clients[: LEAST_CHANGED + 1]]
    now += [evolve(s, recency=9) for s in book if s.client_id in clients[1 : LEAST_CHANGED + 1]]
    assert live.rank(offers, top=5) == ranked(schema, now, offers, 5)
