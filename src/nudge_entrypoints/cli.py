"""The command line: `nudge demo | up | serve | worker | ...`; the groups are in `commands`, a module each.

Each command imports what it needs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from nudge_core.errors import Misconfigured, NudgeError
from nudge_entrypoints.commands import audit, bench, clients, db, feed, numbers, quality, secrets, sends, users
from nudge_entrypoints.commands.options import AsJson, AsJsonLines, loaded
from nudge_entrypoints.settings import KNOWN

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The right client, a true reason, one text, once.")
for group in (audit, bench, clients, db, feed, numbers, quality, secrets, sends, users):
    app.add_typer(group.app, name=group.__name__.rpartition(".")[2])


def main() -> None:
    """Run the command line; an error that Nudge raises on purpose is one line, without a stack trace."""
    try:
        app()
    except Misconfigured as error:
        for problem in error.problems:
            print(f"nudge: {problem}", file=sys.stderr)  # noqa: T201 - this is the terminal's program
        sys.exit(2)
    except NudgeError as error:
        print(f"nudge: {error}", file=sys.stderr)  # noqa: T201 - this is the terminal's program
        sys.exit(1)


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
def up(
    *,
    as_json: AsJsonLines = False,
    at: Annotated[
        str | None, typer.Option(metavar="HH:MM", help="Move the clock of the practice ahead to this time of the day.")
    ] = None,
) -> None:
    """Everything on this machine: database, Redis, HTTP, worker. What dies is started again; Ctrl-C ends it."""
    from nudge_entrypoints.up import up as run

    run(loaded(), as_json=as_json, at=at)


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


@app.command()
def why(
    client: Annotated[UUID, typer.Argument(help="The id of the client.")],
    event: Annotated[UUID, typer.Argument(help="The id of the market event.")],
    *,
    user: clients.Whose = None,
    as_json: AsJson = False,
) -> None:
    """Why a client is, or is not, told of an event: facts, sources, and what would change the answer."""
    import msgspec

    from nudge_core.steps.explain import lines
    from nudge_entrypoints.contacts import explain

    told = explain(loaded(), user, client, event)
    typer.echo(msgspec.json.encode(told).decode() if as_json else "\n".join(lines(told)))


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
def reply(
    phone: Annotated[str, typer.Argument(help="A telephone, E.164, that got a text.")],
    words: Annotated[str, typer.Argument(help="What its holder writes back, such as STOP.")],
) -> None:
    """Let somebody answer the last text that the simulated carrier delivered to their phone. Needs `nudge up`."""
    from nudge_entrypoints.practice_phone import reply as write

    typer.echo(f"written to {write(loaded(), phone, words)}")


@app.command()
def doctor(
    *,
    as_json: AsJson = False,
    show_settings: Annotated[bool, typer.Option("--settings", help="List every setting and what it does.")] = False,
) -> None:
    """What is plugged in where, whether each part answers, and what is wrong with it, one line each."""
    if show_settings:
        for name, what in KNOWN.items():
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


if __name__ == "__main__":
    main()
