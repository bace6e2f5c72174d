"""Who may be texted: consent given, and silence demanded. Both are append-only records."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.message import MessageClass


class ConsentKind(StrEnum):
    """How much was agreed to. Ordered by `rank`. Source: `verticals.md` 1.1."""

    NONE = "none"
    INQUIRY = "inquiry"
    EXPRESS = "express"
    EXPRESS_WRITTEN = "express_written"

    @property
    def rank(self) -> int:
        """0 for none to 3 for express written."""
        return list(ConsentKind).index(self)


LEAST_CONSENT = MappingProxyType(
    {
        MessageClass.REPLY: ConsentKind.INQUIRY,
        MessageClass.TRANSACTIONAL: ConsentKind.EXPRESS,
        MessageClass.INFORMATIONAL: ConsentKind.EXPRESS,
        MessageClass.MARKETING: ConsentKind.EXPRESS_WRITTEN,
        MessageClass.SERVICE: ConsentKind.NONE,
    }
)
"""The least consent that allows a class of text. Source: 47 CFR 64.1200(a)(2), (f)(9) for marketing."""


@frozen(kw_only=True)
class Consent:
    """One statement about consent: the newest one for a phone counts. Withdrawing it is another record.

    `wording` are the exact words shown or said; `source` how it came (form, text, paper, import).
    """

    id: UUID
    user_id: UUID
    client_id: UUID
    phone: str = field(validator=fields.phone, repr=False)
    kind: ConsentKind
    source: str = field(validator=fields.text(60, at_least=1))
    recorded_by: str = field(validator=fields.text(100, at_least=1), repr=False)
    recorded_at: datetime = field(validator=fields.instant)
    wording: str = field(default="", validator=fields.text(2_000), repr=False)


class SuppressionScope(StrEnum):
    """How far a suppression reaches. A topic is stored beside `TOPIC`."""

    ALL = "all"
    TOPIC = "topic"


@frozen(kw_only=True)
class Suppression:
    """From now on no text to this phone (`active`), or again allowed by the person's own START (not `active`).

    The newest record per (user, phone, scope, topic) counts.
    """

    id: UUID
    user_id: UUID
    phone: str = field(validator=fields.phone, repr=False)
    scope: SuppressionScope
    reason: str = field(validator=fields.text(100, at_least=1))
    created_at: datetime = field(validator=fields.instant)
    topic: str = field(default="", validator=fields.text(60))
    active: bool = True
    source_sid: str | None = field(default=None, validator=fields.optional(fields.text(64, at_least=1)))
