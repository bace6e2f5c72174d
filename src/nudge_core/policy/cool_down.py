"""Silence after people have talked, and with people we hardly know. Source: `verticals.md` 1.4."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen


@frozen(kw_only=True)
class CoolDowns:
    """`human_contact`: after a hand-written text, a call, a meeting. `new_contact`: before automation may begin."""

    human_contact: timedelta = timedelta(hours=72)
    new_contact: timedelta = timedelta(days=14)


def cooling(now: datetime, human_contact_at: datetime | None, cool_downs: CoolDowns) -> datetime | None:
    """Return until when a proactive text waits after human contact, or None."""
    if human_contact_at is None or now >= human_contact_at + cool_downs.human_contact:
        return None
    return human_contact_at + cool_downs.human_contact


def too_new(now: datetime, known_since: datetime, cool_downs: CoolDowns) -> datetime | None:
    """Return until when automation leaves a new contact alone, or None."""
    until = known_since + cool_downs.new_contact
    return until if now < until else None
