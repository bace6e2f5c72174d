"""Why one client is, or is not, told of one offer: the account is the matcher's own, and so is what would change it."""

from __future__ import annotations

from uuid import UUID

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge_core.matching.audience import Audience
from nudge_core.matching.avoided import Avoidance
from nudge_core.matching.constraints import FeatureWish, MatchSchema, NumberWish, Seeker, Subject, TermsWish
from nudge_core.matching.engine import rank
from nudge_core.matching.why import Answer, Side, judged, why
from nudge_core.model.briefing import Decision, Outcome, Strength
from nudge_core.model.client import Role
from nudge_core.verticals.real_estate.schema import SCHEMA
from nudge_entrypoints.bench.reference_scorer import rank_one
from tests.unit.matching_books import books, schemas, subjects

HOME = Subject(
    id=UUID(int=1),
    considers=frozenset({Role.BUYER}),
    numbers={"price": 450_000, "beds": 3},
    terms={"area": frozenset({"place:austin"})},
)


def buyer(**features: Strength) -> Seeker:
    """Who wishes what `HOME` is, and features on top."""
    wishes = (
        NumberWish(field="price", strength=Strength.HARD, maximum=500_000),
        NumberWish(field="beds", strength=Strength.HARD, minimum=3),
        TermsWish(field="area", strength=Strength.HARD, any_of=frozenset({"place:austin"})),
    )
    wanted = (FeatureWish(feature=name, strength=strength) for name, strength in features.items())
    return Seeker(client_id=UUID(int=2), role=Role.BUYER, wishes=(*wishes, *wanted))


def answer_of(schema: MatchSchema, book: tuple[Seeker, ...], subject: object) -> Answer:
    """What the slow reference says of one client."""
    members = rank_one(schema, book, subject, 1).members  # type: ignore[arg-type]
    if not members:
        return Answer.NO
    return Answer.OFFER if members[0].decision is Decision.OFFER else Answer.ASK


@settings(max_examples=200)
@given(st.data(), schemas, books(most=4).filter(bool))
def test_what_is_said_to_change_the_answer_changes_it(
    data: st.DataObject, schema: MatchSchema, book: tuple[Seeker, ...]
) -> None:
    subject = data.draw(subjects(schema))
    own = tuple(one for one in book if one.client_id == book[0].client_id)
    told = why(schema, own, subject)
    (row,) = [one for one in own if one.role is told.role]
    assert told.verdict.answer is answer_of(schema, (row,), subject)
    assert told.verdict.answer is answer_of(schema, own, subject) or len(own) > 1
    for change in told.changes:
        after = answer_of(schema, (change.seeker,), change.subject)
        assert after is change.leads_to, "the slow reference, which knows nothing of the engine, says so too"
        assert change.changes_answer == (after is not told.verdict.answer)
        assert change.seeker == row if change.side is Side.LISTING else change.subject == subject, "one side only"
    unmet = [reason for reason in told.reasons if reason.outcome is not Outcome.MET]
    for side in (Side.LISTING, Side.FACT):
        assert [one.constraint for one in told.changes if one.side is side] == [one.constraint for one in unmet]
    if told.question is not None:
        assert told.verdict.answer is Answer.ASK
        assert any(one.leads_to is Answer.OFFER for one in told.changes if one.side is Side.LISTING)


@settings(max_examples=200)
@given(st.data(), books(most=3).filter(bool))
def test_a_single_hindrance_has_a_change_that_removes_it(data: st.DataObject, book: tuple[Seeker, ...]) -> None:
    schema = data.draw(schemas)
    subject = data.draw(subjects(schema))
    told = why(schema, book[:1], subject)
    unmet = [reason for reason in told.reasons if reason.outcome is not Outcome.MET]
    if told.verdict.because.startswith("excluded_") and len(unmet) == 1:
        fact = next(one for one in told.changes if one.side is Side.FACT)
        after = rank(Audience.build(schema, [fact.seeker]), [subject], top=1)[0]
        assert not after.excluded, "nothing excludes any more"
    for rule in (one for one in told.changes if one.side is Side.DISMISSAL):
        assert judged(schema, [rule.seeker], subject).because != rule.constraint or len(book[0].avoidances) > 1


def test_a_dismissal_that_counts_is_named_and_taking_it_back_is_a_change() -> None:
    row = evolve(buyer(), avoidances=(Avoidance(field="price", at_least=400_000),))
    told = why(SCHEMA, [row], HOME)
    assert (told.verdict.answer, told.verdict.because) == (Answer.NO, "dismissed_price")
    (change,) = told.changes
    assert (change.side, change.leads_to, change.changes_answer) == (Side.DISMISSAL, Answer.OFFER, True)


def test_the_question_names_the_one_thing_that_decides() -> None:
    told = why(SCHEMA, [buyer(garage=Strength.HARD, pool=Strength.SOFT)], HOME)
    assert (told.verdict.answer, told.question) == (Answer.ASK, "Does it have garage?")
    two = why(SCHEMA, [buyer(garage=Strength.HARD, pool=Strength.HARD)], HOME)
    assert (two.verdict.answer, two.question, two.together) == (Answer.ASK, None, Answer.OFFER)
