"""Telephone numbers by libphonenumber: whatever people write becomes E.164, or a reason."""

from __future__ import annotations

from types import MappingProxyType

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from nudge_core.model.fields import E164
from nudge_core.ports.contacts import PhoneRead

LONGEST = 60  # characters that are looked at: no number with its extension is longer

_NOT_READ = MappingProxyType(
    {
        NumberParseException.INVALID_COUNTRY_CODE: "a country code that there is",
        NumberParseException.NOT_A_NUMBER: "a telephone number",
        NumberParseException.TOO_SHORT_AFTER_IDD: "more digits",
        NumberParseException.TOO_SHORT_NSN: "more digits",
        NumberParseException.TOO_LONG: "fewer digits",
    }
)
_NOT_POSSIBLE = MappingProxyType(
    {
        ValidationResult.TOO_SHORT: "more digits",
        ValidationResult.TOO_LONG: "fewer digits",
        ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "the area code too",
        ValidationResult.INVALID_COUNTRY_CODE: "a country code that there is",
        ValidationResult.INVALID_LENGTH: "another number of digits",
    }
)


class LibPhoneNumbers:
    """Reads numbers with the tables of libphonenumber: `phonenumbers`, typed, Apache 2.0, released every fortnight."""

    def read(self, text: str, region: str) -> PhoneRead:
        """Return the number in E.164, or why it is none."""
        if len(text) > LONGEST:
            return PhoneRead(problem="fewer digits")
        try:
            number = phonenumbers.parse(text, region)
        except NumberParseException as error:
            return PhoneRead(problem=_NOT_READ.get(error.error_type, "a telephone number"))
        possible = phonenumbers.is_possible_number_with_reason(number)
        if possible != ValidationResult.IS_POSSIBLE:
            return PhoneRead(problem=_NOT_POSSIBLE.get(possible, "another number of digits"))
        if not phonenumbers.is_valid_number(number):  # numbers for fiction (555-01xx) are valid
            return PhoneRead(problem="a number that can be in use in its country")
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        if not E164.fullmatch(e164):
            return PhoneRead(problem="a number of 7 to 15 digits")
        return PhoneRead(e164=e164, extension=number.extension or "")

    def region_of(self, e164: str) -> str | None:
        """Return the country of a number, two letters; None when its code is shared by no one country."""
        try:
            return phonenumbers.region_code_for_number(phonenumbers.parse(e164, None))
        except NumberParseException:
            return None
