"""The carrier that `nudge up` brings for trying out: the simulated one as a server, reached as Twilio would be.

The worker then sends through the very adapter it will use in earnest, and receipts come back as signed webhooks. What
it accepted stands in `carrier.jsonl` under the home; no phone ever rings.
"""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from nudge_adapters import catalog
from nudge_adapters.sms.callbacks import FALLBACK_PATH, INBOUND_PATH
from nudge_core.errors import Misconfigured
from nudge_entrypoints.practice_clock import CARRIER_ADDRESS, ahead_of
from nudge_entrypoints.settings import Settings

MODULE = "nudge_adapters.sms.server"
HOST = "127.0.0.1"
ACCOUNT_BYTES = 16  # "AC" and 32 hexadecimal digits
TOKEN_BYTES = 16
ANSWER_S = 10.0
VERIFY_SERVICE = "VA" + "0" * 32  # the practice carrier gives codes for any service


def is_wanted(settings: Settings) -> bool:
    """Say whether texts are to go to the simulated carrier, and it can be run as a server."""
    return (
        settings.carrier == "simulator"
        and "twilio" in catalog.CARRIERS
        and importlib.util.find_spec(MODULE) is not None
    )


class PracticeCarrier:
    """Where it listens, who its customer is, and how both are told.

    Args:
        home: of the installation; the account lies there, so that receipts of yesterday's texts are still believed.
        web: address of our webhooks, such as http://127.0.0.1:8000.
    """

    def __init__(self, home: Path, web: str) -> None:
        self._home = home
        self._web = web
        self._port = free_port()
        self._address = f"http://{HOST}:{self._port}"
        self._account, self._token = _account(home / "carrier.json")
        (home / CARRIER_ADDRESS).write_text(self._address, encoding="utf-8")

    def command(self) -> list[str]:
        """Return the program and its arguments; the token is in the environment, where nobody else looks."""
        return [
            sys.executable, "-m", MODULE, "--port", str(self._port), "--account", self._account, "--answers",
            "--ledger", str(self._home / "carrier.jsonl"), "--ahead-s", str(ahead_of(self._home)),
            "--inbound-url", f"{self._web}{INBOUND_PATH}", "--fallback-url", f"{self._web}{FALLBACK_PATH}",
        ]  # fmt: skip

    def environment(self) -> Mapping[str, str]:
        """Return what the worker, the web and the carrier itself are told."""
        return {
            "NUDGE_CARRIER": "twilio",
            "TWILIO_ACCOUNT_SID": self._account,
            "TWILIO_AUTH_TOKEN": self._token,
            "TWILIO_API_BASE_URL": self._address,
            "TWILIO_VERIFY_BASE_URL": self._address,
            "TWILIO_VERIFY_SERVICE_SID": VERIFY_SERVICE,
            "PUBLIC_BASE_URL": self._web,
        }


def free_port() -> int:
    """Return a port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def somebody_writes(home: Path, sender: str, recipient: str, body: str) -> None:
    """Let a person text one of our numbers, as their phone would; it arrives as a signed webhook.

    Raises:
        Misconfigured: no carrier of `nudge up` answers.
    """
    import httpx

    try:
        address, (account, token) = (home / CARRIER_ADDRESS).read_text(encoding="utf-8"), _kept(home / "carrier.json")
        text = {"from": sender, "to": recipient, "body": body}
        with httpx.Client(auth=(account, token), timeout=ANSWER_S) as client:
            client.post(f"{address}/_carrier/person", json=text).raise_for_status()
    except (OSError, httpx.HTTPError) as error:
        raise Misconfigured(["reply: the simulated carrier does not answer; it is part of `nudge up`"]) from error


def _account(path: Path) -> tuple[str, str]:
    """Return the account and its token, made at the first start and kept for us alone."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = {"account": f"AC{secrets.token_hex(ACCOUNT_BYTES)}", "token": secrets.token_hex(TOKEN_BYTES)}
        fresh = path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(made, file)
        fresh.replace(path)
    return _kept(path)


def _kept(path: Path) -> tuple[str, str]:
    kept = json.loads(path.read_text())
    return kept["account"], kept["token"]
