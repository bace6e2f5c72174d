"""What a professional changes of their own account: an explicit list, over its version, audited by name alone.

Never here: identity, profession, the phone one signs in with, rights, and the number texts go out from. A rule that an
operator has switched off is the operator's: it is carried over, and nobody else can add to it
(`nudge_core.policy.switches`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from nudge_core.errors import Conflict, Invalid
from nudge_core.learning.holdout import share_of
from nudge_core.model.audit import AuditEntry
from nudge_core.model.event import stable_id
from nudge_core.model.json import Json, JsonObject, plain_json
from nudge_core.model.secret import Secret
from nudge_core.model.user import MlsCheck, User
from nudge_core.policy.switches import KEY, rules_for
from nudge_core.ports import TenantTransaction

CHANGEABLE = frozenset(
    {
        "full_name",
        "business_name",
        "email",
        "timezone",
        "market_focus",
        "specialties",
        "license_number",
        "ai_style_guide",
        "strategy",
        "faq_auto_responder_enabled",
    }
)
"""Fields that the professional may change."""

BY_A_PERSON = frozenset({"email", "strategy"})
"""Of these, the ones that a program with an API key may not: where one is reached, and the rules that bind texts."""

OFF = "off"


# Any: the values are those of the user's own fields, whose validators judge them.
async def change(
    tx: TenantTransaction, changes: Mapping[str, Any], version: int, actor: str, *, by_program: bool = False
) -> User:
    """Change the professional's own fields; return them as they are then.

    Args:
        tx: theirs.
        changes: field to value; a field that is absent stays.
        version: the one they were read at.
        actor: who is named in the audit trail.
        by_program: an API key asks, not a person.

    Raises:
        Invalid: a field may not be changed so; it names the field and the rule.
        Conflict: somebody changed it since.
    """
    user = await tx.users.get(tx.user_id)
    if user.version != version:
        raise Conflict("user", "somebody changed it since it was read")
    for name in sorted(changes):
        if name not in CHANGEABLE:
            raise Invalid(f"user.{name}", "not to be changed here", None)
        if by_program and name in BY_A_PERSON:
            raise Invalid(f"user.{name}", "changed by the professional, not with an API key", None)
    wanted = dict(changes)
    if "strategy" in wanted:
        wanted["strategy"] = _with_operator_s(user.strategy, wanted["strategy"])
    changed = evolve(user, **wanted)
    if "strategy" in wanted:
        rules_for(changed)
        share_of(changed)
    if changed == user:
        return user
    return await _saved(tx, changed, "user_changed", actor, {"fields": sorted(wanted)})


def _with_operator_s(stored: JsonObject, given: JsonObject) -> JsonObject:
    """Return the strategy that was asked for, with the rules that an operator has switched off as they are."""
    old, new = stored.get(KEY), given.get(KEY)
    kept = old.get(OFF) if isinstance(old, Mapping) else None
    asked = new.get(OFF) if isinstance(new, Mapping) else None
    if asked is not None and plain_json(asked) != plain_json(kept):
        raise Invalid(f"user.strategy.{KEY}.{OFF}", "switched by the operator only", asked)
    if kept is None or asked is not None or not (new is None or isinstance(new, Mapping)):
        return given
    rules: dict[str, Json] = {**(new or {}), OFF: kept}
    return {**given, KEY: rules}


async def connect(tx: TenantTransaction, provider: str, username: Secret, password: Secret, actor: str) -> User:
    """Set the account that the professional's feed is read with. What came of an earlier check is forgotten."""
    user = await tx.users.get(tx.user_id)
    changed = evolve(
        user,
        tool_provider=provider,
        mls_username=username,
        mls_password=password,
        mls_check=None,
        mls_checked_at=None,
    )
    return await _saved(tx, changed, "mls_connection_set", actor, {"provider": provider})


async def disconnect(tx: TenantTransaction, actor: str) -> User:
    """Forget the professional's own account: the feed is read with the operator's, where there is one."""
    user = await tx.users.get(tx.user_id)
    if user.mls_username is None and user.mls_password is None:
        return user
    changed = evolve(user, mls_username=None, mls_password=None, mls_check=None, mls_checked_at=None)
    return await _saved(tx, changed, "mls_connection_removed", actor, {"provider": user.tool_provider})


async def note_check(tx: TenantTransaction, checked: User, check: MlsCheck) -> User:
    """Keep what came of reading the feed of `checked`, unless another account has been set since."""
    user = await tx.users.get(tx.user_id)
    if _account(user) != _account(checked):
        return user
    return await tx.users.save(evolve(user, mls_check=check, mls_checked_at=tx.now))


def _account(user: User) -> tuple[str, Secret | None, Secret | None]:
    return user.tool_provider, user.mls_username, user.mls_password


async def _saved(tx: TenantTransaction, changed: User, action: str, actor: str, facts: JsonObject) -> User:
    saved = await tx.users.save(changed)
    entry = AuditEntry(
        id=stable_id("account", action, str(tx.user_id), str(saved.version)),
        user_id=tx.user_id,
        at=tx.now,
        actor=actor,
        action=action,
        subject_type="user",
        subject_id=tx.user_id,
        facts=facts,
    )
    await tx.audit.add([entry])
    return saved
