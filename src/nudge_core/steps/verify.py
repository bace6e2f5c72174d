"""Does the audit trail still say what was written? Every hash is computed anew and held against the stored one."""

from __future__ import annotations

from attrs import field, frozen

from nudge_core.errors import Invalid
from nudge_core.model.audit_trail import ChainHead, link_hash
from nudge_core.ports import TenantTransaction

AT_ONCE = 2_000
"""Entries verified in one call: bounded work. A longer chain takes several, each going on where the last one ended."""

GAP = "gap"
CHANGED = "changed"
CUT_OFF = "cut_off"
UNLINKED = "unlinked"


@frozen(kw_only=True)
class Verification:
    """What one call found.

    `fault`: `gap` (an entry or its link is missing at `broken_at`), `changed` (the entry there, or its link, is not
    what was written), `cut_off` (the end of the chain is missing), `unlinked` (entries were written past the chain),
    or None. `verified_to`: the place up to which everything holds; `hash`: of the link there. `head`: the last place
    that the store remembers. `is_complete`: nothing is left to verify.
    """

    verified_to: int
    hash: bytes = field(repr=False)
    head: int
    is_complete: bool
    fault: str | None = None
    broken_at: int | None = None


async def verify(tx: TenantTransaction, after: int = 0, at_once: int = AT_ONCE) -> Verification:
    """Verify at most `at_once` entries after a place of the chain; the link at that place is taken as it is stored.

    Raises:
        Invalid: there is no such place.
    """
    head = await tx.audit.head()
    start = ChainHead() if after == 0 else await tx.audit.link(after)
    if start is None:
        raise Invalid("after", "a place of the chain", after)
    position, before = start.position, start.hash
    links = await tx.audit.chain(after, at_once)
    if links and links[-1].position > head.position:  # somebody has decided something meanwhile
        head = await tx.audit.head()
    for link in links:
        if link.position != position + 1:
            return _broken(position, before, head, GAP)
        if link.hash != link_hash(before, link.position, link.entry):
            return _broken(position, before, head, CHANGED)
        position, before = link.position, link.hash
    if len(links) == at_once and position < head.position:
        return Verification(verified_to=position, hash=before, head=head.position, is_complete=False)
    if position < head.position:
        return _broken(position, before, head, CUT_OFF)
    if (position, before) != (head.position, head.hash):
        return _broken(position, before, head, CHANGED)
    fault = UNLINKED if await tx.audit.unchained() else None
    return Verification(verified_to=position, hash=before, head=head.position, is_complete=True, fault=fault)


def _broken(position: int, before: bytes, head: ChainHead, fault: str) -> Verification:
    return Verification(
        verified_to=position,
        hash=before,
        head=head.position,
        is_complete=True,
        fault=fault,
        broken_at=position + 1,
    )
