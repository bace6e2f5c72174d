"""`nudge feed`: read an MLS feed, or replay a recording."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from nudge_entrypoints.commands.options import AsJson, loaded

app = typer.Typer(no_args_is_help=True, help="Read an MLS feed, or replay a recording.")


@app.command()
def replay(
    recording: Annotated[Path, typer.Argument(help="A JSONL file of listing histories, or a folder of pages.")],
    *,
    as_json: AsJson = False,
    source: Annotated[str | None, typer.Option(help="Name of the source; default: the file's.")] = None,
) -> None:
    """Replay a recording into the database: what changed becomes events. A second time adds nothing."""
    from nudge_entrypoints.feeds import replay

    told = replay(loaded(), recording, source)
    typer.echo(json.dumps(told) if as_json else json.dumps(told, indent=2))


@app.command()
def poll(*, as_json: AsJson = False) -> None:
    """Read every professional's feed once, then match and draft what is new."""
    from nudge_entrypoints.feeds import poll_all

    told, whole = poll_all(loaded())
    typer.echo(json.dumps(told) if as_json else json.dumps(told, indent=2))
    raise typer.Exit(0 if whole else 1)


@app.command()
def reconcile(*, as_json: AsJson = False) -> None:
    """Find listings that vanished without a sign. To be done daily where a source does not signal removals."""
    from nudge_entrypoints.feeds import reconcile_all

    told, whole = reconcile_all(loaded())
    typer.echo(json.dumps(told) if as_json else json.dumps(told, indent=2))
    raise typer.Exit(0 if whole else 1)


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """How far each source has been read, what it held, and what of it could not be read."""
    from nudge_entrypoints.feeds import status

    told = status(loaded())
    typer.echo(json.dumps(told) if as_json else json.dumps(told, indent=2))


@app.command()
def release(source: Annotated[str, typer.Argument(help="Name of the source.")]) -> None:
    """Let go on what was held because a page said far more than usual. Look at `feed status` first."""
    from nudge_entrypoints.feeds import release

    typer.echo(f"{release(loaded(), source)} notes go on")
