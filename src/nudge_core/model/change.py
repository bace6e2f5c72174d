"""What happened to what is a professional's, for whoever follows it live: which thing, and its new state.

A change holds no word and no name: whoever hears of it reads the thing itself, with the rights that they have. The
rules here are the meaning; the memory store calls them, and the triggers of PostgreSQL say the same
(`nudge_adapters.sql.triggers`; the storage contract compares).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.briefing import CampaignBriefing
from nudge_core.model.client_import import ClientImport
from nudge_core.model.message import Delivery, Direction, Message

KEPT_FOR = timedelta(days=7)
"""How long changes are kept: a screen that was closed for longer reads everything anew anyway. Ours."""

RESUMED_WITHIN = timedelta(days=6)
"""How old a place may be that is gone on from. A day less than `KEPT_FOR`: the instant of a change is the beginning of
its transaction, and pruning goes by it, so nothing after a younger place can have been pruned."""

MOST_PLACE = 60
"""Characters of a place as text."""

_PLACE = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{1,16})-([0-9a-f]{1,10})")
_LARGEST = 2**63 - 1
_LAST_SECOND = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())


class ChangeKind(StrEnum):
    """What happened. The first word is the subject."""

    MESSAGE_RECEIVED = "message.received"
    MESSAGE_QUEUED = "message.queued"
    MESSAGE_DELIVERY = "message.delivery"
    MESSAGE_RECEIPT = "message.receipt"
    BRIEFING_CREATED = "briefing.created"
    BRIEFING_CHANGED = "briefing.changed"
    IMPORT_PROGRESS = "import.progress"


class ImportState(StrEnum):
    """Where an import stands. It is one transaction, so there is nothing between its beginning and its end."""

    DONE = "done"
    UNDONE = "undone"


@frozen(kw_only=True)
class Place:
    """How far the changes have been read. Opaque to whoever gets it; they give it back as `text`.

    `transaction`, `id`: of the last one read. `at`: its instant. Not shown in a repr: two runs that do the same have
    other places.
    """

    transaction: int = field(validator=fields.between(0, _LARGEST), repr=False)
    id: int = field(validator=fields.between(0, _LARGEST), repr=False)
    at: datetime = field(validator=fields.instant, repr=False)

    @classmethod
    def end_of(cls, transaction: int, at: datetime) -> Place:
        """Return the place after everything of a transaction and of those before it."""
        return cls(transaction=transaction, id=_LARGEST, at=at)

    @classmethod
    def read(cls, text: str) -> Place | None:
        """Return the place that a text names; None when it is none of ours."""
        found = _PLACE.fullmatch(text)
        if found is None:
            return None
        transaction, number, second = (int(one, 16) for one in found.groups())
        if max(transaction, number) > _LARGEST or second > _LAST_SECOND:
            return None
        return cls(transaction=transaction, id=number, at=datetime.fromtimestamp(second, UTC))

    @property
    def text(self) -> str:
        """The place as the `Last-Event-ID` of a stream."""
        return f"{self.transaction:x}-{self.id:x}-{int(self.at.timestamp()):x}"


@frozen(kw_only=True)
class Change:
    """One thing that happened. `subject_id`: of the text, briefing or import. `state`: its new one."""

    kind: ChangeKind
    subject_id: UUID
    client_id: UUID | None
    state: str
    at: datetime = field(validator=fields.instant)
    place: Place


@frozen(kw_only=True)
class Happened:
    """What happened after a place. `place`: where to go on. `lost`: what was asked for is not kept, so read anew."""

    changes: tuple[Change, ...]
    place: Place
    lost: bool = False


@frozen(kw_only=True)
class News:
    """Whose changes have become readable. `until`: hand it in to hear of the next ones."""

    until: int
    owners: frozenset[UUID] = frozenset()


@frozen
class Noticed:
    """What a rule makes of a row that was written."""

    kind: ChangeKind
    subject_id: UUID
    client_id: UUID | None
    state: str


def noticed_of_message(old: Message | None, new: Message) -> Noticed | None:
    """Return what a written text is a change of. A claim is none: it ends in a state within seconds."""
    if old is None:
        kind = ChangeKind.MESSAGE_RECEIVED if new.direction is Direction.INBOUND else ChangeKind.MESSAGE_QUEUED
        return Noticed(kind, new.id, new.client_id, new.delivery.value)
    if new.delivery is not old.delivery and new.delivery is not Delivery.SENDING:
        return Noticed(ChangeKind.MESSAGE_DELIVERY, new.id, new.client_id, new.delivery.value)
    if new.delivery is old.delivery and new.receipt is not None and new.receipt is not old.receipt:
        return Noticed(ChangeKind.MESSAGE_RECEIPT, new.id, new.client_id, new.receipt.value)
    return None


def noticed_of_briefing(old: CampaignBriefing | None, new: CampaignBriefing) -> Noticed | None:
    """Return what a written briefing is a change of: every version is."""
    if old is not None and old.version == new.version:
        return None
    kind = ChangeKind.BRIEFING_CREATED if old is None else ChangeKind.BRIEFING_CHANGED
    return Noticed(kind, new.id, new.client_id, new.status.value)


def noticed_of_import(old: ClientImport | None, new: ClientImport) -> Noticed | None:
    """Return what a written import is a change of."""
    if old is not None and (old.undone_at is None) == (new.undone_at is None):
        return None
    state = ImportState.DONE if new.undone_at is None else ImportState.UNDONE
    return Noticed(ChangeKind.IMPORT_PROGRESS, new.id, None, state.value)
