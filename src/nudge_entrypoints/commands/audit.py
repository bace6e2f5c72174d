"""`nudge audit`: the record of every decision."""

from __future__ import annotations

import json

import typer

from nudge_entrypoints.commands.options import AsJson, loaded

app = typer.Typer(no_args_is_help=True, help="The record of every decision.")


@app.command()
def verify(*, as_json: AsJson = False) -> None:
    """Compute every chain of decisions anew; ends with 1 when one was changed. Keep the last hashes elsewhere."""
    from nudge_entrypoints.audits import verify_all

    found, whole = verify_all(loaded())
    typer.echo(json.dumps({"chains": found}) if as_json else json.dumps(found, indent=2))
    raise typer.Exit(0 if whole else 1)
