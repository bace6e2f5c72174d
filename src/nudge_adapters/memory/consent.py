"""Who may be texted: both tables only ever grow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.model.consent import Consent, Suppression


class MemoryConsents:
    """Consent given."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._book = world.book(work.user_id)

    @writing
    async def add(self, consents: Sequence[Consent]) -> None:
        """Store records. Raises NotFound when a client is not in this book."""
        for consent in consents:
            self._work.own(consent.user_id, "consent.user_id")
        for consent in consents:
            self._book.consents.add(consent.id, consent, "consent")
            self._book.clients.need(consent.client_id, "client")

    @reading
    async def latest(self, phones: Sequence[str]) -> Mapping[str, Consent]:
        """Return the newest record per phone; of two of the same instant the one stored later."""
        newest: dict[str, Consent] = {}
        for consent in self._book.consents.rows():
            before = newest.get(consent.phone)
            if consent.phone in phones and (before is None or consent.recorded_at >= before.recorded_at):
                newest[consent.phone] = consent
        return newest


class MemorySuppressions:
    """Silence demanded."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._users = world.users
        self._book = world.book(work.user_id)

    @writing
    async def add(self, suppression: Suppression) -> bool:
        """Store a record; False when one from the same `source_sid` is stored already."""
        self._work.own(suppression.user_id, "suppression.user_id")
        sid = suppression.source_sid
        if sid is not None and any(record.source_sid == sid for record in self._book.suppressions.rows()):
            return False
        self._book.suppressions.add(suppression.id, suppression, "suppression")
        self._users.need(suppression.user_id, "user")
        return True

    @reading
    async def active(self, phone: str) -> Sequence[Suppression]:
        """Return the records that hold now, the newest per scope and topic where it is `active`, by scope and topic."""
        return self._book.active_suppressions(phone)

    @reading
    async def active_for(self, phones: Collection[str]) -> Mapping[str, Sequence[Suppression]]:
        """Return the records that hold now for each of several phones; a phone without any has no entry."""
        return {phone: held for phone in phones if (held := self._book.active_suppressions(phone))}
