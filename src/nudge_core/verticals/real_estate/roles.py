"""What a client is to a realtor: read from tags and from what was stated, through one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from nudge_core.errors import Invalid
from nudge_core.model.client import Role, tag_name

SYNONYMS: Mapping[str, Role] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "buyer", "buyers", "home buyer", "homebuyer", "house hunter", "first time buyer", "first home buyer",
                "first time home buyer", "first time homebuyer", "buyer lead", "active buyer", "move up buyer",
                "prospective buyer", "potential buyer", "relocation buyer", "luxury buyer", "cash buyer",
            ),
            Role.BUYER,
        ),
        **dict.fromkeys(
            (
                "seller", "sellers", "home seller", "seller prospect", "prospective seller", "potential seller",
                "seller lead", "listing prospect", "listing lead", "future seller",
            ),
            Role.SELLER_PROSPECT,
        ),
        **dict.fromkeys(
            ("investor", "investors", "real estate investor", "investment buyer", "property investor", "flipper"),
            Role.INVESTOR,
        ),
        **dict.fromkeys(
            (
                "past client", "past clients", "previous client", "former client", "closed client", "past buyer",
                "past seller", "repeat client",
            ),
            Role.PAST_CLIENT,
        ),
    }
)  # fmt: skip
"""A tag that is not here is no role: a plumber is nobody's buyer. Source: `verticals.md` 2.1, defects 10 and 11."""


def normalised(tag: str) -> str:
    """Return a tag as tags are compared: folded; blanks, hyphens and underscores are equal."""
    return tag_name(tag)


def roles_of(tags: Iterable[str]) -> frozenset[Role]:
    """Return the roles that tags name; other tags say nothing."""
    return frozenset(SYNONYMS[name] for name in map(normalised, tags) if name in SYNONYMS)


def names_of(role: Role) -> frozenset[str]:
    """Return the tags that name a role, normalised."""
    return frozenset(name for name, named in SYNONYMS.items() if named is role)


def stated_role(text: str) -> Role:
    """Return the role a preference states, or raise Invalid."""
    role = SYNONYMS.get(normalised(text))
    if role is None:
        raise Invalid("preferences.roles", f"roles such as {', '.join(r.value for r in Role)}", text)
    return role
