"""A super-user looks at somebody else's account: counts only, and the look stands in that account's own audit trail."""

from __future__ import annotations

from nudge_core.model.audit import AuditEntry
from nudge_core.model.oversight import Overview
from nudge_core.ports import Ids, TenantTransaction

READ_ACROSS = "read_across_tenants"


async def read_overview(tx: TenantTransaction, actor: str, ids: Ids) -> Overview:
    """Return the counts of the professional whose transaction this is, and write down who asked for them.

    Raises:
        NotFound: there is no such professional.
    """
    owner = await tx.users.get(tx.user_id)
    entry = AuditEntry(
        id=ids.new(),
        user_id=owner.id,
        at=tx.now,
        actor=actor,
        action=READ_ACROSS,
        subject_type="user",
        subject_id=owner.id,
        facts={"what": "overview"},
    )
    await tx.audit.add([entry])
    return await tx.overviews.counts()
