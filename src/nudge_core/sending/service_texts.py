"""The fixed texts that need no consent and know no hours: the confirmation of an opt-out, the answer to HELP.

No marketing, and no word in them may invite the reply CANCEL. Source: 47 CFR 64.1200(a)(12), `verticals.md` 1.3.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from nudge_core.model.approval import Approval, ApprovedText
from nudge_core.model.event import stable_id
from nudge_core.model.message import MessageClass, MessageSource, SenderType
from nudge_core.model.user import User

USEFUL_FOR = timedelta(minutes=5)
"""A confirmation goes out within so long of the opt-out, or not at all. Source: 47 CFR 64.1200(a)(12)."""

NAME_AT_MOST = 40  # characters, so that the text stays in one SMS part
OPT_OUT = "opt_out"
HELP = "help"


def opt_out_confirmation(user: User) -> str:
    """Return the one text that says that the silence was heard."""
    return f"You will get no more texts from {_name(user)}. Text START if you ever want them again."


def help_answer(user: User) -> str:
    """Return who writes, how to stop it, and how to reach a person."""
    return f"This is {_name(user)}. Reply STOP to get no more texts. To reach a person call {user.phone_number}."


def service_text(
    user: User,
    kind: str,
    words: str,
    *,
    client_id: UUID,
    recipient: str,
    sender: str,
    asked_at: datetime,
    approved_by: str,
) -> ApprovedText:
    """Return a fixed text, ready to be queued; at most one of a kind per phone and UTC day, by its `dedupe_key`.

    Args:
        user: the professional it speaks for.
        kind: `OPT_OUT` or `HELP`.
        words: the text.
        client_id: who it goes to.
        recipient: their phone, E.164.
        sender: our number they wrote to, E.164.
        asked_at: when they wrote; the text loses its sense five minutes later.
        approved_by: which part of the machine; a person approved the words by putting them into the product.
    """
    day = asked_at.date().isoformat()
    named = stable_id("service", kind, str(user.id), recipient, day)
    return ApprovedText(
        id=named,
        approval=Approval(
            id=stable_id("approval", str(named)), user_id=user.id, approved_by=approved_by, approved_at=asked_at
        ),
        client_id=client_id,
        content=words,
        recipient=recipient,
        sender=sender,
        source=MessageSource.FAQ_AUTO_RESPONSE,
        sender_type=SenderType.SYSTEM,
        message_class=MessageClass.SERVICE,
        dedupe_key=f"service:{kind}:{named}",
        not_after=asked_at + USEFUL_FOR,
    )


def _name(user: User) -> str:
    return (user.business_name or user.full_name)[:NAME_AT_MOST].strip()
