"""The professional: owner of clients, briefings and messages, and the tenant everything belongs to."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.json import Json, JsonObject, frozen_object
from nudge_core.model.secret import Secret


class UserType(StrEnum):
    """What the professional does for a living."""

    REALTOR = "REALTOR"
    THERAPIST = "THERAPIST"
    LOAN_OFFICER = "LOAN_OFFICER"


class MlsCheck(StrEnum):
    """What came of the last attempt to read the feed with the account that is set."""

    WORKS = "works"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NOT_CONFIGURED = "not_configured"


@frozen(kw_only=True)
class User:
    """A solo professional.

    `vertical` and `tool_provider` are names from the tables of verticals and of feed builders; an unknown name is
    answered with the known ones where the part is built. `market_focus` names areas ("Austin", "78704",
    "Zilker"); empty means everything the feed carries. `mls_check` and `mls_checked_at` are of the account that is set:
    a new one has none. `version` rises with every change.
    """

    id: UUID
    user_type: UserType
    full_name: str = field(validator=fields.text(200, at_least=1), repr=False)
    email: str = field(validator=fields.email, repr=False)
    phone_number: str = field(validator=fields.phone, repr=False)
    vertical: str = field(validator=fields.text(60, at_least=1))
    tool_provider: str = field(validator=fields.text(60, at_least=1))
    timezone: str = field(validator=fields.zone)
    business_name: str = field(default="", validator=fields.text(200), repr=False)
    onboarding_complete: bool = False
    onboarding_state: JsonObject = field(factory=dict[str, Json], converter=frozen_object, repr=False)
    market_focus: tuple[str, ...] = field(default=(), converter=fields.texts)
    ai_style_guide: JsonObject = field(factory=dict[str, Json], converter=frozen_object, repr=False)
    strategy: JsonObject = field(factory=dict[str, Json], converter=frozen_object, repr=False)
    mls_username: Secret | None = None
    mls_password: Secret | None = None
    license_number: str | None = field(default=None, validator=fields.optional(fields.text(100)), repr=False)
    specialties: tuple[str, ...] = field(default=(), converter=fields.texts, repr=False)
    faq_auto_responder_enabled: bool = False
    twilio_phone_number: str | None = field(default=None, validator=fields.optional(fields.phone), repr=False)
    mls_check: MlsCheck | None = None
    mls_checked_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    version: int = field(default=1, validator=fields.between(1, 2**31 - 1))

    @property
    def first_name(self) -> str:
        """The first word of the name, for a sign-off."""
        return self.full_name.split()[0]

    @property
    def feed_source(self) -> str:
        """Name of the source this professional reads: shared by all of one tool provider, or their own login's."""
        return self.tool_provider if self.mls_username is None else f"{self.tool_provider}:{self.id}"
