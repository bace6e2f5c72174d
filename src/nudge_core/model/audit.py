"""The reason travels with the write: who decided what, when, and on which facts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.event import stable_id
from nudge_core.model.json import Json, JsonObject, frozen_object


@frozen(kw_only=True)
class AuditEntry:
    """One decision. `actor` is a user id or the name of a machine part; `facts` what it rested on. Never changed."""

    id: UUID
    user_id: UUID
    at: datetime = field(validator=fields.instant)
    actor: str = field(validator=fields.text(100, at_least=1), repr=False)
    action: str = field(validator=fields.text(100, at_least=1))
    subject_type: str = field(validator=fields.text(60, at_least=1))
    subject_id: UUID
    facts: JsonObject = field(factory=dict[str, Json], converter=frozen_object, repr=False)


def about_client(
    user_id: UUID, client_id: UUID, at: datetime, actor: str, action: str, cause: str, **facts: Json
) -> AuditEntry:
    """Return the entry of a decision about a client; the same for the same action and cause.

    Args:
        user_id: whose client.
        client_id: about whom.
        at: when, in UTC.
        actor: who decided.
        action: what, such as `client.changed`.
        cause: what tells this decision from others of its kind: a version, an id.
        facts: what it rested on: codes, counts, names of fields; never a personal value: entries outlive people.
    """
    return AuditEntry(
        id=stable_id("audit", action, str(client_id), cause),
        user_id=user_id,
        at=at,
        actor=actor,
        action=action,
        subject_type="client",
        subject_id=client_id,
        facts=facts,
    )
