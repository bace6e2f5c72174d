"""`python -m nudge_adapters.sms.server`: the carrier in a process of its own, until SIGTERM.

Prints one line of JSON with its address when it answers. The account's token comes from the environment
(`TWILIO_AUTH_TOKEN`), or as the first line of standard input with `--token -`: a command line is seen by everybody.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from types import MappingProxyType

from nudge_adapters.sms.carrier import CarrierSettings
from nudge_adapters.sms.fate import SOME_ANSWER, People, Weather
from nudge_adapters.sms.faults import Fault, FaultPlan
from nudge_adapters.sms.journal import FileJournal, MemoryJournal
from nudge_adapters.sms.server import ServerSettings, carrier_server
from nudge_adapters.system import AheadClock
from nudge_core.errors import NudgeError
from nudge_core.model.secret import Secret

TOKEN = "TWILIO_AUTH_TOKEN"  # noqa: S105 - the name of a variable


def arguments() -> argparse.ArgumentParser:
    """Return what the command takes."""
    parser = argparse.ArgumentParser(prog="python -m nudge_adapters.sms.server", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="on this machine; 0 (default) for any free one")
    add("--ledger", type=Path, help="file of the accept-ledger; without it the books are kept in memory")
    add("--seed", type=int, default=0, help="of all fates, faults and answers")
    add("--account", required=True, help="the account's SID, AC and 32 hexadecimal digits")
    add("--token", default=None, help=f"'-' reads it from standard input; otherwise {TOKEN} of the environment")
    add("--inbound-url", help="where texts to our numbers are told")
    add("--fallback-url", help="where they are told when that fails")
    add("--latency-ms", type=float, default=0.0, help="what an ordinary answer takes")
    add("--fault", action="append", default=[], metavar="KIND=SHARE", help=f"one of {', '.join(Fault)}")
    add("--slow-s", type=float, default=3.0, help="what a slow answer takes")
    add("--late-s", type=float, default=1.5, help="how late a stuck request arrives")
    add("--lost", type=float, default=0.0, help="share of callbacks and inbound webhooks that are lost")
    add("--doubled", type=float, default=0.0, help="share that is told twice")
    add("--late", type=float, default=0.0, help="share that comes late, and so out of order")
    add("--late-by-s", type=float, default=60.0, help="how late at most")
    add("--undelivered", type=float, default=0.0, help="share of texts that no handset gets")
    add("--handover-s", type=float, nargs=2, default=(0.5, 4.0), metavar=("LEAST", "MOST"))
    add("--delivery-s", type=float, nargs=2, default=(1.0, 15.0), metavar=("LEAST", "MOST"))
    add("--list-lag-s", type=float, default=0.5, help="until a text shows in the list")
    add("--answers", action="store_true", help="some people answer, some with STOP")
    add("--accept-after-stop", action="store_true", help="take what should never have been offered")
    add("--no-reports", action="store_true", help="make no status callbacks")
    add("--ahead-s", type=float, default=0.0, help="how far its clock is ahead of this machine's: another hour or day")
    add("--sign-fragment", action="store_true", help="sign webhooks with the fragment of their address")
    return parser


def settings_of(given: argparse.Namespace, token: str) -> ServerSettings:
    """Return the settings that a command line asks for. Raises Invalid or ValueError."""
    shares = {Fault(kind): float(share) for kind, _, share in (one.partition("=") for one in given.fault)}
    weather = Weather(
        undelivered=given.undelivered,
        lost=given.lost,
        doubled=given.doubled,
        late=given.late,
        inbound_lost=given.lost,
        inbound_doubled=given.doubled,
        inbound_late=given.late,
        handover_s=tuple(given.handover_s),
        delivery_s=tuple(given.delivery_s),
        late_by_s=given.late_by_s,
    )
    return ServerSettings(
        account=given.account,
        token=Secret(token),
        inbound_url=given.inbound_url,
        fallback_url=given.fallback_url,
        carrier=CarrierSettings(
            seed=given.seed,
            refuse_after_stop=not given.accept_after_stop,
            list_lag_s=given.list_lag_s,
            reports=not given.no_reports,
            weather=weather,
            people=SOME_ANSWER if given.answers else People(),
        ),
        faults=FaultPlan(seed=given.seed, shares=MappingProxyType(shares), slow_s=given.slow_s, late_s=given.late_s),
        latency_s=given.latency_ms / 1_000,
        signs_fragment=given.sign_fragment,
    )


async def serve(given: argparse.Namespace, token: str) -> None:
    """Serve until SIGTERM or SIGINT."""
    journal = MemoryJournal() if given.ledger is None else FileJournal(given.ledger, exclusive=True)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    clock = AheadClock(given.ahead_s)
    async with carrier_server(settings_of(given, token), journal, clock, port=given.port) as server:
        sys.stdout.write(json.dumps({"address": server.origin, "pid": os.getpid()}) + "\n")
        sys.stdout.flush()
        await ended.wait()


def main(words: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = arguments()
    given = parser.parse_args(words)
    from_stdin = given.token == "-"  # noqa: S105 - says where the token is, and is none
    token = sys.stdin.readline().strip() if from_stdin else os.environ.get(TOKEN, "")
    if given.token is not None and not from_stdin:
        parser.error("--token takes only '-': a command line is seen by everybody")
    if not token:
        parser.error(f"a token is needed, in {TOKEN} or on standard input with --token -")
    try:
        asyncio.run(serve(given, token))
    except (NudgeError, ValueError) as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
