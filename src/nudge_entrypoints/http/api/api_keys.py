"""API keys: for programs of a professional's, made and revoked by the professional in person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from attrs import Attribute, field, frozen
from litestar import Controller, Response, delete, get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_201_CREATED

from nudge_core.errors import Invalid
from nudge_core.model import fields
from nudge_core.model.sign_in import MOST_NAME, ApiKey
from nudge_core.steps import api_keys
from nudge_core.steps.api_keys import NewKey
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.sign_in import KEEP_NOTHING
from nudge_entrypoints.http.identity import SCOPE, Scope, person_only
from nudge_entrypoints.http.tokens import Kind, Opaque

YEARS = range(2000, 9000)  # an instant beyond them cannot be told in every time zone


def _end(instance: object, attribute: Attribute[Any], value: Any) -> None:
    if not isinstance(value, datetime) or value.tzinfo is None or value.year not in YEARS:
        raise Invalid(fields.name_of(instance, attribute), "an instant with its offset from UTC", value)


@frozen(kw_only=True)
class KeyWish:
    """A key to be made. `scopes`: what it may do; `expires_at` None: until it is revoked."""

    name: str = field(validator=fields.text(MOST_NAME, at_least=1), repr=False)
    scopes: tuple[Scope, ...]
    expires_at: datetime | None = field(default=None, validator=fields.optional(_end))


@frozen(kw_only=True)
class KeyView:
    """A key as it is listed. `prefix`: how it begins; `last_used_at`: to the minute."""

    id: UUID
    name: str = field(repr=False)
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@frozen(kw_only=True)
class NewKeyView:
    """A key that was just made. `key` is shown this once: what is stored cannot be turned back into it."""

    key: str = field(repr=False)
    details: KeyView


@frozen(kw_only=True)
class KeyList:
    """All that are not revoked; there are `MOST_KEYS` at most."""

    items: tuple[KeyView, ...]


class ApiKeys(Controller):
    """Routes of API keys. A key makes, sees and revokes none."""

    path = "/api-keys"
    tags = ["access"]  # noqa: RUF012  a Litestar controller's own attribute
    guards = [person_only]  # noqa: RUF012 - a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.ACCOUNT_READ})
    async def list_api_keys(self, api: TheApi, principal: Caller) -> KeyList:
        """List the keys that are not revoked, the newest first."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return KeyList(items=tuple(map(_view, await tx.api_keys.all())))

    @post(opt={SCOPE: Scope.ACCOUNT_WRITE})
    async def make_api_key(self, api: TheApi, principal: Caller, data: JSONBody[KeyWish]) -> Response[NewKeyView]:
        """Make a key; it is shown this once."""
        drawn = Opaque.draw(Kind.API_KEY, principal.user_id)
        async with api.parts.store.tenant(principal.user_id) as tx:
            made = await api_keys.make(
                tx,
                NewKey(id=drawn.id, prefix=drawn.prefix, secret_hash=drawn.secret_hash),
                data.name,
                data.scopes,
                principal.scopes,
                None if data.expires_at is None else data.expires_at.astimezone(UTC),
                principal.actor,
                api.parts.ids,
            )
        shown = NewKeyView(key=drawn.text, details=_view(made))
        return Response(shown, status_code=HTTP_201_CREATED, headers=KEEP_NOTHING)

    @delete("/{key_id:uuid}", opt={SCOPE: Scope.ACCOUNT_WRITE})
    async def revoke_api_key(self, api: TheApi, principal: Caller, key_id: FromPath[UUID]) -> None:
        """Revoke a key; it is refused at once."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await api_keys.revoke(tx, key_id, principal.actor, api.parts.ids)


def _view(key: ApiKey) -> KeyView:
    return KeyView(
        id=key.id,
        name=key.name,
        prefix=key.prefix,
        scopes=key.scopes,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
    )
