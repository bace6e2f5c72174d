"""A super-user over HTTP: counts across accounts, written down where they were read, and nothing else."""

from __future__ import annotations

from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.lobby import RITA, TOM, Lobby
from tests.api.test_api_keys import make
from tests.samples import uid


async def crown(lobby: Lobby, *, on: bool = True) -> None:
    async with lobby.store.system() as tx:
        await tx.users.set_super(RITA, on)


async def test_a_super_user_reads_counts_and_the_account_s_owner_can_see_it(lobby: Lobby) -> None:
    async with lobby.store.tenant(TOM) as tx:
        await tx.clients.add([samples.client(TOM, 10)])
        await tx.briefings.add(samples.briefing(TOM, 30))
    await crown(lobby)
    token = (await lobby.sign_in())["access_token"]
    async with lobby.caller(token) as rita:
        answer = await rita.get(f"/admin/tenants/{TOM}/overview")
    assert answer.status_code == 200
    assert answer.json() == {
        "user_id": str(TOM), "clients": 1, "briefings": {"DRAFT": 1}, "messages": {}, "scheduled": {},
        "sessions": 0, "api_keys": 0,
    }  # fmt: skip
    async with lobby.store.tenant(TOM) as tx:
        (entry,) = await tx.audit.of_subject(TOM)
    assert (entry.action, entry.actor, entry.facts) == ("read_across_tenants", f"user:{RITA}", {"what": "overview"})


async def test_nobody_else_may_and_it_ends_at_once(lobby: Lobby) -> None:
    token = (await lobby.sign_in())["access_token"]
    async with lobby.caller(token) as rita, lobby.caller() as nobody:
        address = f"/admin/tenants/{TOM}/overview"
        assert (await nobody.get(address)).status_code == 401
        assert (await rita.get(address)).status_code == 403
        assert (await rita.get(f"/admin/tenants/{uid(77)}/overview")).status_code == 403
        await crown(lobby)
        assert (await rita.get(address)).status_code == 200
        assert (await rita.get(f"/admin/tenants/{uid(77)}/overview")).status_code == 404
        key = await make(lobby, token, scopes=[scope.value for scope in Scope])
        async with lobby.caller(key["key"]) as program:
            assert (await program.get(address)).status_code == 403, "a super-user's key is no super-user"
        await crown(lobby, on=False)
        assert (await rita.get(address)).status_code == 403
    async with lobby.store.tenant(TOM) as tx:
        assert len(await tx.audit.of_subject(TOM)) == 1, "what is refused reads nothing"
