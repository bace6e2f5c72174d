"""Opt-outs that outlive an erased client: a keyed hash of the phone, until the phone comes back.

The key is a secret of the tenant, made with their first kept opt-out and stored encrypted, so that whoever has the
database alone cannot try all telephone numbers against the hashes.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from nudge_adapters.sql import tables
from nudge_adapters.sql.encryption import Place, needed
from nudge_adapters.sql.rows.people import suppression_to_row
from nudge_adapters.sql.work import Work
from nudge_core.model.consent import Suppression, SuppressionScope
from nudge_core.model.event import stable_id
from nudge_core.model.secret import Secret

_key, _kept, _suppression = tables.optoutkey, tables.keptoptout, tables.suppression
_KEY_BYTES = 32  # of HMAC-SHA256


def place_of(user_id: UUID) -> Place:
    """Return where the key of a tenant stands."""
    return Place(table="optoutkey", column="secret", user_id=user_id, row_id=user_id)


async def _tenant_key(work: Work) -> bytes | None:
    row = await work.row(select(_key.c.secret).where(_key.c.user_id == work.owner, _key.c.id == work.owner))
    if row is None:
        return None
    return bytes.fromhex(needed(work.keyring).decrypt(row["secret"], place_of(work.owner)).reveal())


async def _made_key(work: Work) -> bytes:
    """Return the tenant's key; the first time it is made. Two at once agree: the second finds the first one's."""
    found = await _tenant_key(work)
    if found is None:
        sealed = needed(work.keyring).encrypt(Secret(os.urandom(_KEY_BYTES).hex()), place_of(work.owner))
        row = {"user_id": work.owner, "id": work.owner, "secret": sealed}
        await work.run(upsert(_key).values(row).on_conflict_do_nothing())
        found = await _tenant_key(work)
    assert found is not None
    return found


def _mark(key: bytes, phone: str) -> str:
    return hmac.new(key, phone.encode(), hashlib.sha256).hexdigest()


async def keep_opt_outs(work: Work, held: Collection[Suppression], phones: Collection[str]) -> int:
    """Keep what holds for these phones as marks, and forget the phones; return how many are kept.

    Raises:
        Misconfigured: something is to be kept and there is no encryption key.
    """
    key = await _made_key(work) if held else b""
    for one in held:
        mark = _mark(key, one.phone)
        row = {
            "user_id": work.owner,
            "id": stable_id("kept opt-out", str(work.owner), mark, one.scope, one.topic),
            "mark": mark,
            "scope": one.scope.value,
            "topic": one.topic,
            "reason": one.reason,
            "held_since": one.created_at,
        }
        await work.run(upsert(_kept).values(row).on_conflict_do_nothing())
    mine = (_suppression.c.user_id == work.owner, _suppression.c.phone.in_(sorted(phones)))
    await work.run(delete(_suppression).where(*mine))
    return len(held)


async def restore_opt_outs(work: Work, phones: Collection[str]) -> None:
    """Suppress those of these phones again whose opt-out is kept. One statement where none was ever kept."""
    key = await _tenant_key(work) if phones else None
    if key is None:
        return
    marks = {_mark(key, phone): phone for phone in phones}
    back = delete(_kept).where(_kept.c.user_id == work.owner, _kept.c.mark.in_(sorted(marks))).returning(_kept)
    rows = await work.rows(back)
    again = [
        Suppression(
            id=stable_id("kept opt-out", row["mark"], row["scope"], row["topic"], work.now.isoformat()),
            user_id=work.owner,
            phone=marks[row["mark"]],
            scope=SuppressionScope(row["scope"]),
            topic=row["topic"],
            reason=row["reason"],
            created_at=work.now,
        )
        for row in rows
    ]
    if again:
        await work.run(insert(_suppression), [suppression_to_row(one) for one in again])
