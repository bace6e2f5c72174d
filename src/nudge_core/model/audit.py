"""The reason travels with the write: who decided what, when, and on which facts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
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
