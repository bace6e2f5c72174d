"""The audit trail as a list and as a chain.

Every entry has a link: its place in its professional's chain, and a hash over the link before it and over itself. An
entry that was changed, taken out or slipped in later breaks the chain from there on. Whoever can rewrite the whole
database can rewrite the whole chain: against that helps only a hash of the head that somebody keeps elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.audit import AuditEntry

FORMAT = "nudge-audit-1"
"""Stands first in what is hashed. Another way of hashing needs another name: old links are checked with the old one."""

HASH_BYTES = 32  # SHA-256
GENESIS = bytes(HASH_BYTES)
"""What stands before the first link."""


@frozen(kw_only=True)
class AuditFilter:
    """Conditions that all hold; None is no condition. `since` is included, `until` is not."""

    subject_id: UUID | None = None
    subject_type: str | None = field(default=None, validator=fields.optional(fields.text(60)))
    action: str | None = field(default=None, validator=fields.optional(fields.text(100)))
    actor: str | None = field(default=None, validator=fields.optional(fields.text(100)), repr=False)
    since: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    until: datetime | None = field(default=None, validator=fields.optional(fields.instant))


@frozen(kw_only=True)
class ChainHead:
    """The last link of a chain. `position` 0 with the hash `GENESIS`: there is none yet."""

    position: int = 0
    hash: bytes = field(default=GENESIS, repr=False)


@frozen(kw_only=True)
class ChainedEntry:
    """An entry, its place (counted from 1) and its hash."""

    position: int
    hash: bytes = field(repr=False)
    entry: AuditEntry


def link_hash(previous: bytes, position: int, entry: AuditEntry) -> bytes:
    """Return the hash of an entry's link: SHA-256 over one JSON array with sorted keys, in ASCII.

    Numbers are told as the database gives them back: 3.0 is 3.
    """
    told = [
        FORMAT,
        previous.hex(),
        position,
        str(entry.id),
        str(entry.user_id),
        entry.at.astimezone(UTC).isoformat(),
        entry.actor,
        entry.action,
        entry.subject_type,
        str(entry.subject_id),
        _plain(entry.facts),
    ]
    text = json.dumps(told, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).digest()


def linked(head: ChainHead, entries: Iterable[AuditEntry]) -> Iterator[ChainedEntry]:
    """Yield the entries as they follow on a head."""
    position, before = head.position, head.hash
    for entry in entries:
        position += 1
        before = link_hash(before, position, entry)
        yield ChainedEntry(position=position, hash=before, entry=entry)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
