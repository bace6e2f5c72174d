"""What is known of clients, small and valid, for tests: each with an id of its number."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from nudge_core.model.client_fact import ClientFact
from nudge_core.model.client_import import ClientImport, RowProblem, RowVerdict
from nudge_core.model.client_merge import AudienceMove, ClientMerge, Moved
from nudge_core.model.client_note import ClientNote
from tests import samples
from tests.samples import NOON, uid


def note(owner: UUID, number: int, client_id: UUID, **changes: Any) -> ClientNote:
    """A note about a client."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "client_id": client_id,
        "text": f"Note {number}",
        "author": "rita",
        "at": NOON,
    }
    return ClientNote(**values | changes)


def fact(owner: UUID, number: int, client_id: UUID, **changes: Any) -> ClientFact:
    """A wish of a client's."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "client_id": client_id,
        "kind": "max_price",
        "value": 500_000,
        "source": "professional",
        "recorded_by": "rita",
        "at": NOON,
        "recorded_at": NOON,
    }
    return ClientFact(**values | changes)


def imported(owner: UUID, number: int, client_id: UUID, **changes: Any) -> ClientImport:
    """An import that added one client and refused one row because of them."""
    problem = RowProblem(line=2, verdict=RowVerdict.CONFLICT, field="client.phone", rule="taken", client_id=client_id)
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "created_by": "rita",
        "created_at": NOON,
        "rows": 2,
        "added": (client_id,),
        "problems": (problem,),
    }
    return ClientImport(**values | changes)


def merge(owner: UUID, number: int, kept: int, gone: int, **changes: Any) -> ClientMerge:
    """A merge of two clients, by their numbers: `gone` became part of `kept`; nothing moved but one audience."""
    before = samples.client(owner, kept)
    move = AudienceMove(briefing_id=uid(60), place=0, member=samples.member(uid(gone)), other_too=False)
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "merged_by": "rita",
        "merged_at": NOON,
        "kept": before,
        "gone": samples.client(owner, gone, phone=None),
        "after": before,
        "moved": Moved(rows={"messages": ()}, audiences=(move,)),
    }
    return ClientMerge(**values | changes)
