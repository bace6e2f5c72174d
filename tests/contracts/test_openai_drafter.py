"""The model drafter keeps the promises of a drafter, against a server that speaks the Responses API over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator

import pytest
from attrs import evolve

from nudge_adapters.llm.openai import CANARY, OpenAiDrafter, OpenAiSettings, build_openai_drafter
from nudge_core.errors import Refused, Unavailable
from nudge_core.model.brief import Brief
from nudge_core.model.secret import Secret
from nudge_core.model.style import LearnedStyle, Phrase
from nudge_core.verticals.real_estate.voice import INSTRUCTIONS, voice
from tests.contracts.drafter_contract import DrafterContract, brief_of
from tests.peers.injections import INJECTIONS
from tests.peers.responses_api import KEY, Answer, Behaviour, Peer, Request, responses_api, told, writes

PERFECT = "Hi {first_name}, 1506 Timber St Unit 4 just came on the market. {reason} {question} Maria, Zilker Realty"


@pytest.fixture
def peer() -> Iterator[Peer]:
    with responses_api() as running:
        yield running


@pytest.fixture
async def drafter(peer: Peer) -> AsyncIterator[OpenAiDrafter]:
    settings = OpenAiSettings(api_key=Secret(KEY), model="stand-in", base_url=peer.base_url, timeout_s=10)
    built = build_openai_drafter(settings, {"real_estate": voice()})
    yield built
    await built.aclose()


@pytest.mark.enable_socket
class TestOpenAiDrafter(DrafterContract):
    async def test_one_request_with_our_own_fields_and_nothing_stored(self, drafter: OpenAiDrafter, peer: Peer) -> None:
        brief = brief_of("price_drop")
        await drafter.draft(brief)
        (request,) = peer.requests
        assert set(request) == {"model", "instructions", "input", "text", "max_output_tokens", "store"}
        assert request["store"] is False
        assert peer.stored == []
        assert request["text"]["format"]["strict"] is True
        assert request["instructions"].startswith(INSTRUCTIONS)
        assert told(request) == {
            "event": "price_drop",
            "facts": dict(brief.facts),
            "client_roles": ["buyer"],
            "what_clients_wished_and_get": list(brief.reasons),
            "sender": {"first_name": "Maria", "business": "Zilker Realty"},
            "style": {},
            "public_remarks": "Bright corner unit with a garage.",
        }

    async def test_habits_are_told_and_their_words_may_be_used(self, drafter: OpenAiDrafter, peer: Peer) -> None:
        learned = LearnedStyle(
            greeting="Howdy {first_name}! ",
            sign_off="Cheers, Maria (Zilker Realty)",
            longest=90,
            emoji="🙂",
            phrases=(Phrase(instead_of="was just listed", write="popped up"),),
        )
        theirs = (
            "Howdy {first_name}! 1506 Timber St Unit 4 popped up. {reason} {question} Cheers, Maria (Zilker Realty)"
        )
        peer.behaviour = lambda _: writes(theirs)
        with pytest.raises(Refused, match="word"):
            await drafter.draft(brief_of())
        draft = await drafter.draft(evolve(brief_of(), learned=learned))
        assert draft.text == f"{theirs} 🙂"
        assert told(peer.requests[-1])["habits"] == {
            "greeting": "Howdy {first_name}! ",
            "sign_off": "Cheers, Maria (Zilker Realty)",
            "characters_at_most": 90,
            "say": [{"instead_of": "was just listed", "write": "popped up"}],
        }

    async def test_remarks_stay_inside_their_json_field(self, drafter: OpenAiDrafter, peer: Peer) -> None:
        for injection in INJECTIONS:
            await drafter.draft(evolve(brief_of(), public_remarks=injection.remarks))
            request = peer.requests[-1]
            assert told(request)["public_remarks"] == injection.remarks
            assert injection.remarks not in request["instructions"]
            assert json.dumps({**request, "input": []}).find(injection.remarks) == -1

    async def test_remarks_can_be_kept_from_the_model(self, drafter: OpenAiDrafter, peer: Peer) -> None:
        shy = evolve(drafter, settings=evolve(drafter.settings, send_remarks=False))
        await shy.draft(brief_of())
        assert "public_remarks" not in told(peer.requests[-1])

    async def test_a_model_that_obeys_strangers_gets_nothing_past_us(self, drafter: OpenAiDrafter, peer: Peer) -> None:
        """Zero policy escapes: whatever the obedient words, wherever they stand, they are not in a draft."""
        start, end = PERFECT.split(" {reason}")
        asked = 0
        for injection in INJECTIONS:
            obedient = (
                injection.payload,
                f"{injection.payload} {PERFECT}",
                f"{PERFECT} {injection.payload}",
                f"{start} {injection.payload} {{reason}}{end}",
                PERFECT.replace("just came on the market.", injection.payload),
            )
            for text in obedient:
                peer.behaviour = obeying(injection.remarks, text)
                drafted = await passed(drafter, evolve(brief_of(), public_remarks=injection.remarks))
                assert not [word for word in injection.forbidden if word.casefold() in drafted.casefold()], injection
                asked += 1
        assert asked == len(peer.requests) == 5 * len(INJECTIONS) >= 150

    async def test_the_same_words_without_the_order_would_have_passed(self, drafter: OpenAiDrafter, peer: Peer) -> None:
        peer.behaviour = lambda _: writes(PERFECT)
        assert (await drafter.draft(brief_of())).text == PERFECT

    async def test_a_wrong_key_and_an_answer_that_never_ends(self, drafter: OpenAiDrafter, peer: Peer) -> None:
        settings = evolve(drafter.settings, api_key=Secret("sk-wrong"), timeout_s=0.2)
        stranger = build_openai_drafter(settings, drafter.voices)
        with pytest.raises(Refused, match="unauthorised") as refused:
            await stranger.draft(brief_of())
        assert "sk-wrong" not in str(refused.value) + repr(stranger)
        await stranger.aclose()
        hurried = build_openai_drafter(evolve(settings, api_key=Secret(KEY)), drafter.voices)
        peer.behaviour = lambda _: Answer(body=b'{"output"', headers={"content-type": "application/json"}, stall=True)
        with pytest.raises(Unavailable, match=r"no answer within 0\.2 s"):
            await hurried.draft(brief_of())
        await hurried.aclose()

    async def test_a_connection_that_is_cut_and_a_server_that_is_gone(self, drafter: OpenAiDrafter, peer: Peer) -> None:
        peer.behaviour = lambda _: Answer(cut=True)
        with pytest.raises(Unavailable) as cut:
            await drafter.draft(brief_of())
        assert cut.value.__cause__ is not None
        assert len(peer.requests) == 1  # the SDK did not try again by itself
        gone = build_openai_drafter(evolve(drafter.settings, base_url="http://127.0.0.1:9/v1"), drafter.voices)
        with pytest.raises(Unavailable):
            await gone.draft(brief_of())
        await gone.aclose()

    async def test_it_says_what_answered(self, drafter: OpenAiDrafter) -> None:
        assert await drafter.ping() == "stand-in at 127.0.0.1"
        other = evolve(drafter, settings=evolve(drafter.settings, model="another"))
        with pytest.raises(Refused, match="bad_request"):
            await other.ping()


def obeying(remarks: str, text: str) -> Behaviour:
    """A model that obeys what the remarks order; it must really have been shown them."""

    def answer(request: Request) -> Answer:
        assert told(request)["public_remarks"] == remarks
        assert CANARY in request["instructions"]
        return writes(text)

    return answer


async def passed(drafter: OpenAiDrafter, brief: Brief) -> str:
    """Return the draft, or nothing when the proposal was refused. Any other error is one."""
    try:
        return (await drafter.draft(brief)).text
    except Refused as refused:
        if refused.reason not in {"proposal", "invalid_output"}:
            raise
        return ""
