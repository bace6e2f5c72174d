"""A contact as somebody wrote it, before anything of it is understood."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen


class ContactField(StrEnum):
    """What a column or a part of a card can mean."""

    FULL_NAME = "full_name"
    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    EMAIL = "email"
    PHONE = "phone"
    BIRTHDAY = "birthday"
    STREET = "street"
    LOCALITY = "locality"
    REGION = "region"
    POSTAL_CODE = "postal_code"
    ORGANISATION = "organisation"
    NOTES = "notes"
    TAGS = "tags"
    TIMEZONE = "timezone"


@frozen(kw_only=True)
class Written:
    """A contact as it is written. `line`: where it begins, from 1. `broken`: why it cannot be read as a whole.

    `values`: by meaning, in the order they stand there; several of one meaning are kept.
    """

    line: int
    values: Mapping[ContactField, tuple[str, ...]] = field(factory=dict[ContactField, tuple[str, ...]], repr=False)
    broken: str | None = None

    def first(self, name: ContactField) -> str:
        """Return the first value of a meaning, or nothing."""
        return next((value.strip() for value in self.values.get(name, ()) if value.strip()), "")

    def all(self, name: ContactField) -> tuple[str, ...]:
        """Return the values of a meaning that are not blank, each once."""
        return tuple(dict.fromkeys(value.strip() for value in self.values.get(name, ()) if value.strip()))
