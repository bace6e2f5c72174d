"""Codes that prove the possession of a phone: what became of sending one, and of checking one."""

from __future__ import annotations

from enum import StrEnum


class CodeStart(StrEnum):
    """What became of asking for a code. Everything but `SENT` sent nothing."""

    SENT = "sent"
    TOO_MANY_SENDS = "too_many_sends"
    STARTED_TWICE = "started_twice"
    REGION_BLOCKED = "region_blocked"
    PHONE_UNUSABLE = "phone_unusable"


class CodeCheck(StrEnum):
    """What a check found. `APPROVED` is the only one that proves anything.

    `EXPIRED`: there is nothing to check any more: too late, used before, or never started.
    """

    APPROVED = "approved"
    WRONG = "wrong"
    EXPIRED = "expired"
    TOO_MANY_CHECKS = "too_many_checks"
