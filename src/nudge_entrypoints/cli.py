"""The command line: `nudge demo | up | serve | worker | openapi | feed | db | doctor | bench`.

Each command imports what it needs.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from nudge_core.errors import Misconfigured, NudgeError
from nudge_entrypoints import settings as settings_of_this_machine

if TYPE_CHECKING:
    from nudge_entrypoints.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The right client, a true reason, one text, once.")
feed_app = typer.Typer(no_args_is_help=True, help="Read an MLS feed, or replay a recording.")
db_app = typer.Typer(no_args_is_help=True, help="The database: the configured one, or the embedded one.")
sends_app = typer.Typer(no_args_is_help=True, help="What only a person can settle: doubts, and senders that rest.")
numbers_app = typer.Typer(no_args_is_help=True, help="Telephone numbers of the Twilio account.")
secrets_app = typer.Typer(no_args_is_help=True, help="The keys that stored secrets are encrypted with.")
audit_app = typer.Typer(no_args_is_help=True, help="The record of every decision.")
users_app = typer.Typer(no_args_is_help=True, help="Professionals: who may sign in.")
bench_app = typer.Typer(no_args_is_help=True, help="Figures as ratios, measured in one run.")
app.add_typer(feed_app, name="feed")
app.add_typer(db_app, name="db")
app.add_typer(sends_app, name="sends")
app.add_typer(numbers_app, name="numbers")
app.add_typer(secrets_app, name="secrets")
app.add_typer(audit_app, name="audit")
app.add_typer(bench_app, name="bench")
app.add_typer(users_app, name="users")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


AsJsonLines = Annotated[bool, typer.Option("--json", help="Say what happens as JSON objects, one a line.")]


def main() -> None:
    """Run the command line; an error that Nudge raises on purpose is one line, without a stack trace."""
    try:
        app()
    except Misconfigured as error:
        for problem in error.problems:
            print(f"nudge: {problem}", file=sys.stderr)  # noqa: T201 - this is the terminal's program
        sys.exit(2)
    except NudgeError as error:
        print(f"nudge: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)


def loaded() -> Settings:
    """Return the settings of this machine."""
    return settings_of_this_machine.load()


@app.command()
def demo(
    *,
    headless: Annotated[bool, typer.Option("--headless", help="Approve every nudge without asking.")] = False,
    as_json: AsJson = False,
    days: Annotated[int, typer.Option(min=1, max=60, help="Days of the market to live through.")] = 10,
) -> None:
    """The walk on a local market: an MLS change becomes an approved text, on real parts."""
    if headless or as_json:
        from nudge_entrypoints.demo.headless import really_happened, run
        from nudge_entrypoints.demo.progress import progress

        with progress(quiet=as_json and not sys.stderr.isatty()) as say:
            told = run(loaded(), days, say)
        typer.echo(json.dumps(told) if as_json else json.dumps(told, indent=2))
        raise typer.Exit(0 if really_happened(told) else 1)
    if not sys.stdin.isatty():
        raise Misconfigured(["demo: a terminal is needed to ask you; use --headless"])
    from nudge_entrypoints.demo.interactive import run_in_terminal

    run_in_terminal(loaded(), days)


@app.command()
def up(*, as_json: AsJsonLines = False) -> None:
    """Everything on this machine: database, Redis, HTTP, worker. What dies is started again; Ctrl-C ends it."""
    from nudge_entrypoints.up import up as run

    run(loaded(), as_json=as_json)


@app.command()
def serve(
    *,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Of loopback; 0: any free one.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that share the port.")] = 1,
    as_json: AsJsonLines = False,
) -> None:
    """The HTTP server alone: the API, webhooks, health, metrics. SIGTERM answers what has begun, then ends it."""
    from nudge_entrypoints.serve import serve as run

    run(loaded(), port=port, workers=workers, as_json=as_json)


@app.command()
def openapi(
    *, out: Annotated[Path | None, typer.Option("--out", help="A file, instead of standard output.")] = None
) -> None:
    """Print the document of the HTTP API (OpenAPI 3.1). Needs no database."""
    from nudge_entrypoints.openapi import document

    if out is None:
        typer.echo(document(), nl=False)
    else:
        out.write_text(document(), encoding="utf-8")


@app.command()
def worker(
    *,
    once: Annotated[bool, typer.Option("--once", help="Do what is due, say what was done, and leave.")] = False,
    as_json: AsJsonLines = False,
) -> None:
    """Do what is due: drafts, texts, the timetable. Any number may run at once; each needs only the database."""
    from nudge_entrypoints.worker import work

    told = work(loaded(), once=once, as_json=as_json)
    if told is not None:
        typer.echo(json.dumps(told) if as_json else json.dumps(told, indent=2))


@audit_app.command("verify")
def audit_verify(*, as_json: AsJson = False) -> None:
    """Compute every chain of decisions anew; ends with 1 when one was changed. Keep the last hashes elsewhere."""
    from nudge_entrypoints.audits import verify_all

    found, whole = verify_all(loaded())
    typer.echo(json.dumps({"chains": found}) if as_json else json.dumps(found, indent=2))
    raise typer.Exit(0 if whole else 1)


@feed_app.command("replay")
def feed_replay(
    recording: Annotated[Path, typer.Argument(help="A JSONL file of listing histories, or a folder of pages.")],
    *,
    as_json: AsJson = False,
    source: Annotated[str | None, typer.Option(help="Name of the source; default: the file's.")] = None,
) -> None:
    """Replay a recording into the database: what changed becomes events. A second time adds nothing."""
    from nudge_entrypoints.feeds import replay

    told = replay(loaded(), recording, source)
    typer.echo(json.dumps(told) if as_json else json.dumps(told, indent=2))


@feed_app.command("poll")
def feed_poll(*, as_json: AsJson = False) -> None:
    """Read every professional's feed once, then match and draft what is new."""
    from nudge_entrypoints.feeds import poll_all

    told, whole = poll_all(loaded())
    typer.echo(json.dumps(told) if as_json else json.dumps(told, indent=2))
    raise typer.Exit(0 if whole else 1)


@feed_app.command("reconcile")
def feed_reconcile(*, as_json: AsJson = False) -> None:
    """Find listings that vanished without a sign. To be done daily where a source does not signal removals."""
    from nudge_entrypoints.feeds import reconcile_all

    told, whole = reconcile_all(loaded())
    typer.echo(json.dumps(told) if as_json else json.dumps(told, indent=2))
    raise typer.Exit(0 if whole else 1)


@feed_app.command("status")
def feed_status(*, as_json: AsJson = False) -> None:
    """How far each source has been read, what it held, and what of it could not be read."""
    from nudge_entrypoints.feeds import status

    told = status(loaded())
    typer.echo(json.dumps(told) if as_json else json.dumps(told, indent=2))


@feed_app.command("release")
def feed_release(source: Annotated[str, typer.Argument(help="Name of the source.")]) -> None:
    """Let go on what was held because a page said far more than usual. Look at `feed status` first."""
    from nudge_entrypoints.feeds import release

    typer.echo(f"{release(loaded(), source)} notes go on")


@db_app.command("run", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def db_run(command: Annotated[list[str], typer.Argument(help="After --: the command and its arguments.")]) -> None:
    """Run a command with the database up and migrated; exit with its status.

    DATABASE_URL is the application's login, which sees one professional at a time; DATABASE_OWNER_URL is the owner's.
    """
    import os

    from nudge_entrypoints.database import database, owner_of

    settings = loaded()
    with database(settings, say=lambda line: typer.echo(line, err=True)) as url:
        addresses = {"DATABASE_URL": url, "DATABASE_OWNER_URL": owner_of(settings, url)}
        done = subprocess.run(command, env={**os.environ, **addresses}, check=False)  # noqa: S603 - asked for
    raise typer.Exit(done.returncode)


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the newest revision."""
    from nudge_adapters.sql.migrate import current
    from nudge_entrypoints.database import database

    with database(loaded(), say=lambda line: typer.echo(line, err=True)) as url:
        typer.echo(f"at revision {current(url)}")


@sends_app.command("unconfirmed")
def sends_unconfirmed() -> None:
    """Texts that may or may not have gone out: the carrier shows no trace, and nothing is sent again by itself."""
    from nudge_entrypoints.sends import unconfirmed

    typer.echo(json.dumps(unconfirmed(loaded()), indent=2))


@sends_app.command("close")
def sends_close(
    owner: Annotated[UUID, typer.Argument(help="The professional, as `unconfirmed` names them.")],
    message: Annotated[UUID, typer.Argument(help="The text.")],
    *,
    send_again: Annotated[bool, typer.Option("--send-again", help="Queue the same words anew.")] = False,
) -> None:
    """Close an unconfirmed text; it counts as not sent."""
    from nudge_entrypoints.sends import close

    again = close(loaded(), owner, message, send_again=send_again)
    typer.echo("closed" if again is None else f"closed; queued anew as {again}")


@sends_app.command("lanes")
def sends_lanes() -> None:
    """Every sending number: its pace, and why it rests."""
    from nudge_entrypoints.sends import lanes

    typer.echo(json.dumps(lanes(loaded()), indent=2))


@sends_app.command("resume")
def sends_resume(sender: Annotated[str, typer.Argument(help="The number, E.164.")]) -> None:
    """Let a number that rests go on, when what it rested for is mended."""
    from nudge_entrypoints.sends import resume

    typer.echo("goes on" if resume(loaded(), sender) else "it did not rest")


@numbers_app.command("search")
def numbers_search(
    *,
    area_code: Annotated[str | None, typer.Option(help="Three digits.")] = None,
    near: Annotated[str | None, typer.Option(help="A number to be near to, E.164.")] = None,
    region: Annotated[str | None, typer.Option(help="Two letters of a state.")] = None,
) -> None:
    """Numbers on offer."""
    from nudge_entrypoints.numbers import search

    typer.echo(json.dumps(search(loaded(), area_code, near, region), indent=2))


@numbers_app.command("buy")
def numbers_buy(number: Annotated[str, typer.Argument(help="The very number, E.164. This spends money.")]) -> None:
    """Buy a number, so that texts to it reach our webhooks. Calling it again buys nothing more."""
    from nudge_entrypoints.numbers import buy

    typer.echo(json.dumps(buy(loaded(), number)))


@numbers_app.command("owned")
def numbers_owned() -> None:
    """Every number of the account."""
    from nudge_entrypoints.numbers import owned

    typer.echo(json.dumps(owned(loaded()), indent=2))


@secrets_app.command("status")
def secrets_status() -> None:
    """How many secrets each key has written, and which keys are given."""
    from nudge_entrypoints.secret_keys import status

    typer.echo(json.dumps(status(loaded()), indent=2))


@secrets_app.command("rotate")
def secrets_rotate(
    *,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Rows of one transaction.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Write what older keys wrote anew with the first key given. Everything may run meanwhile; run it again at will."""
    from nudge_entrypoints.secret_keys import rotate

    quiet = as_json or not sys.stderr.isatty()
    told = rotate(loaded(), batch, lambda n: None if quiet else typer.echo(f"\r{n} secrets", err=True, nl=False))
    typer.echo(json.dumps(told) if as_json else json.dumps(told, indent=2))
    raise typer.Exit(0 if told["left"] == told["unreadable"] == 0 else 1)


@users_app.command("add")
def users_add(
    *,
    phone: Annotated[str, typer.Option(help="Their own telephone, E.164: they sign in with it.")],
    name: Annotated[str, typer.Option(help="Full name.")],
    email: Annotated[str, typer.Option(help="E-mail address.")],
    vertical: Annotated[str, typer.Option(help="What they do, such as real_estate.")],
    tool_provider: Annotated[str, typer.Option(help="Their market's source; market: an invented one.")] = "market",
    timezone: Annotated[str | None, typer.Option(help="IANA zone; default: NUDGE_TIMEZONE.")] = None,
    business: Annotated[str, typer.Option(help="Name of the business, which signs texts.")] = "",
    number: Annotated[str | None, typer.Option(help="The number their texts go out from, E.164.")] = None,
) -> None:
    """Register a professional. Nobody else can: signing in with an unknown phone makes no account."""
    from nudge_entrypoints.users import NewUser, add

    settings = loaded()
    new = NewUser(
        phone=phone, name=name, email=email, vertical=vertical, tool_provider=tool_provider,
        timezone=timezone or settings.timezone, business=business, number=number,
    )  # fmt: skip
    typer.echo(json.dumps(add(settings, new)))


@users_app.command("list")
def users_list() -> None:
    """Every professional."""
    from nudge_entrypoints.users import everybody

    typer.echo(json.dumps(everybody(loaded()), indent=2))


@users_app.command("super")
def users_super(
    phone: Annotated[str, typer.Argument(help="Their own telephone, E.164.")],
    *,
    on: Annotated[bool, typer.Option("--on/--off", help="Whether they may.")],
) -> None:
    """Let a professional read across accounts, where every look is written into the audit trail of that account."""
    from nudge_entrypoints.users import set_super

    set_super(loaded(), phone, on=on)
    typer.echo("may read across accounts" if on else "may not read across accounts")


@app.command()
def texts(
    phone: Annotated[str, typer.Argument(help="A telephone, E.164.")],
    *,
    as_json: AsJson = False,
) -> None:
    """What the simulated carrier has delivered to a phone, the oldest first: texts, and codes to sign in with."""
    from nudge_entrypoints.practice_phone import texts_to

    told = texts_to(loaded(), phone)
    if as_json:
        typer.echo(json.dumps(told))
        return
    for text in told:
        typer.echo(f"{text['at']}  {text['body']}")


@app.command()
def doctor(
    *,
    as_json: AsJson = False,
    show_settings: Annotated[bool, typer.Option("--settings", help="List every setting and what it does.")] = False,
) -> None:
    """What is plugged in where, whether each part answers, and what is wrong with it, one line each."""
    if show_settings:
        for name, what in settings_of_this_machine.KNOWN.items():
            typer.echo(f"{name:24} {what}")
        return
    from nudge_entrypoints.doctor import examine

    findings = examine(loaded())
    if as_json:
        typer.echo(json.dumps([finding.as_json() for finding in findings]))
    else:
        for finding in findings:
            typer.echo(finding.line())
    raise typer.Exit(0 if all(finding.well for finding in findings) else 1)


def _bench(name: str, quick: bool, as_json: bool, **more: object) -> None:
    from importlib import import_module

    module = import_module(f"nudge_entrypoints.bench.{name}")
    told = module.measure(quick=quick, **more)
    typer.echo(json.dumps(told) if as_json else module.table(told))


Quick = Annotated[bool, typer.Option("--quick", help="Small sizes: seconds instead of minutes.")]


@bench_app.command("match")
def bench_match(*, quick: Quick = False, as_json: AsJson = False) -> None:
    """Matching beside the per-pair scorer, the machine's matrix product, and memory per client."""
    _bench("match", quick, as_json)


@bench_app.command("changes")
def bench_changes(*, quick: Quick = False, as_json: AsJson = False) -> None:
    """Change detection beside a plain comparison of dicts."""
    _bench("changes", quick, as_json)


@bench_app.command("ingest")
def bench_ingest(*, quick: Quick = False, as_json: AsJson = False) -> None:
    """Storing pages beside a plain COPY of the same rows."""
    _bench("ingest", quick, as_json)


@bench_app.command("walls")
def bench_walls(*, quick: Quick = False, as_json: AsJson = False) -> None:
    """What row-level security costs: reads of a tenant and claims, with it and past it."""
    _bench("walls", quick, as_json)


@bench_app.command("claims")
def bench_claims(*, quick: Quick = False, as_json: AsJson = False) -> None:
    """Claiming due texts beside one plain UPDATE of all that is due; double claims of racing workers."""
    _bench("claims", quick, as_json)


@bench_app.command("drain")
def bench_drain(
    *,
    quick: Quick = False,
    as_json: AsJson = False,
    carrier: Annotated[str | None, typer.Option(help="http: a process of its own; ledger: a stand-in.")] = None,
    callbacks: Annotated[str, typer.Option(help="Receipts are told during the drain, after it, or none.")] = "during",
    faults: Annotated[float, typer.Option(help="Share of requests that go wrong.", min=0.0, max=1.0)] = 0.0,
) -> None:
    """Texts a second through the whole sending walk, unpaced and paced; memory."""
    _bench("drain", quick, as_json, carrier=carrier, callbacks=callbacks, faults=faults)


if __name__ == "__main__":
    main()
