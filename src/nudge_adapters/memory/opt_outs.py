"""Opt-outs that outlive an erased client: a keyed hash of the phone, until the phone comes back."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection

from nudge_adapters.memory.journal import Work
from nudge_adapters.memory.world import Book, KeptOptOut
from nudge_core.model.consent import Suppression
from nudge_core.model.event import stable_id


def _mark(book: Book, phone: str) -> str:
    return hmac.new(book.opt_out_key, phone.encode(), hashlib.sha256).hexdigest()


def keep_opt_outs(book: Book, phone: str) -> int:
    """Keep what holds for a phone as marks, and forget the phone; return how many are kept."""
    held = book.active_suppressions(phone)
    for one in held:
        mark = _mark(book, phone)
        kept = KeptOptOut(mark, one.scope, one.topic, one.reason, one.created_at)
        book.kept_opt_outs.put((mark, one.scope, one.topic), kept)
    for record in book.suppressions.rows():
        if record.phone == phone:
            book.suppressions.drop(record.id)
    return len(held)


def restore_opt_outs(work: Work, book: Book, phones: Collection[str]) -> None:
    """Suppress those of these phones again whose opt-out is kept."""
    if not len(book.kept_opt_outs):
        return
    for phone in sorted(phones):
        mark = _mark(book, phone)
        for key, kept in book.kept_opt_outs.items():
            if kept.mark == mark:
                assert work.user_id is not None
                again = Suppression(
                    id=stable_id("kept opt-out", mark, kept.scope, kept.topic, work.now.isoformat()),
                    user_id=work.user_id,
                    phone=phone,
                    scope=kept.scope,
                    topic=kept.topic,
                    reason=kept.reason,
                    created_at=work.now,
                )
                book.suppressions.put(again.id, again)
                book.kept_opt_outs.drop(key)
