"""Where carriers call back, as the settings say: shared by who sends texts and who hears of them."""

from __future__ import annotations

import hashlib
import hmac

from nudge_adapters.sms.callbacks import Callbacks
from nudge_entrypoints.settings import Settings

_PURPOSE = b"nudge: mark of a status callback, 1"


def callbacks_of(settings: Settings) -> Callbacks | None:
    """Return the addresses of this installation; None where it has no public address or no auth token.

    The key of the marks is derived from the auth token, so every process has it and nobody has to keep another secret.
    """
    token = settings.twilio.auth_token
    if token is None or settings.public_base_url is None:
        return None
    key = hmac.new(token.reveal().encode(), _PURPOSE, hashlib.sha256).digest()
    return Callbacks(base=settings.public_base_url, key=key)
