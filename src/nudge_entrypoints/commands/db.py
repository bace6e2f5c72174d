"""`nudge db`: the database: the configured one, or the embedded one."""

from __future__ import annotations

import subprocess
from typing import Annotated

import typer

from nudge_entrypoints.commands.options import loaded

app = typer.Typer(no_args_is_help=True, help="The database: the configured one, or the embedded one.")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run(command: Annotated[list[str], typer.Argument(help="After --: the command and its arguments.")]) -> None:
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


@app.command()
def upgrade() -> None:
    """Bring the database to the newest revision."""
    from nudge_adapters.sql.migrate import current
    from nudge_entrypoints.database import database

    with database(loaded(), say=lambda line: typer.echo(line, err=True)) as url:
        typer.echo(f"at revision {current(url)}")
