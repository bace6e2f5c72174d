"""`nudge secrets`: the keys that stored secrets are encrypted with."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from nudge_entrypoints.commands.options import AsJson, loaded

app = typer.Typer(no_args_is_help=True, help="The keys that stored secrets are encrypted with.")


@app.command()
def status() -> None:
    """How many secrets each key has written, and which keys are given."""
    from nudge_entrypoints.secret_keys import status

    typer.echo(json.dumps(status(loaded()), indent=2))


@app.command()
def rotate(
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
