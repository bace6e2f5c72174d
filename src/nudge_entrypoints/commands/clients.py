"""`nudge clients`: a book of clients brought in from a file, taken back, and looked through for duplicates."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from nudge_entrypoints.commands.options import AsJson, loaded

app = typer.Typer(no_args_is_help=True, help="Clients: bring in a file, take it back, find duplicates.")

Whose = Annotated[
    str | None, typer.Option("--user", help="The professional's own telephone, E.164; default: the only one there is.")
]


@app.command(name="import")
def bring_in(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV (any delimiter) or vCard.")],
    *,
    user: Whose = None,
    column: Annotated[
        list[str] | None, typer.Option(help="MEANING=NAME of a column, such as phone=Handy; =NAME leaves it out.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    region: Annotated[
        str | None, typer.Option(help="Country of numbers without a code, such as US; default: the professional's.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write what is to be said of every row into this file, JSON, a row a line.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring in a file of contacts. A bad row is told by its line and does not stop the others. A kill loses nothing:
    the same command goes on."""
    from nudge_entrypoints.contacts import Request, bring_in_file
    from nudge_entrypoints.demo.progress import progress

    request = Request(file=file, phone=user, region=region, columns=tuple(column or ()), dry_run=dry_run, report=report)
    with progress(quiet=as_json and not sys.stderr.isatty()) as say:
        told = bring_in_file(loaded(), request, say)
    typer.echo(json.dumps(told) if as_json else json.dumps(told, indent=2))


@app.command()
def undo(
    import_id: Annotated[UUID, typer.Argument(metavar="IMPORT", help="The id that the import printed.")],
    *,
    user: Whose = None,
    as_json: AsJson = False,
) -> None:
    """Take an import back: its merges are undone; who was changed or texted since stays."""
    from nudge_entrypoints.contacts import take_back
    from nudge_entrypoints.demo.progress import progress

    with progress(quiet=as_json and not sys.stderr.isatty()) as say:
        told = take_back(loaded(), user, import_id, say)
    typer.echo(json.dumps(told) if as_json else json.dumps(told, indent=2))


@app.command()
def imports(*, user: Whose = None) -> None:
    """The latest imports and how far they are."""
    from nudge_entrypoints.contacts import list_imports

    typer.echo(json.dumps(list_imports(loaded(), user), indent=2))


@app.command()
def duplicates(
    *,
    user: Whose = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Pairs at most, the likeliest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Pairs of clients who may be one, with the reasons. Nothing is changed."""
    from nudge_entrypoints.contacts import find_duplicates

    told = find_duplicates(loaded(), user, limit)
    typer.echo(json.dumps(told) if as_json else json.dumps(told, indent=2))


@app.command()
def merge(
    kept: Annotated[UUID, typer.Argument(help="The id of the client who stays.")],
    other: Annotated[UUID, typer.Argument(help="The id of the client who becomes part of them.")],
    *,
    user: Whose = None,
) -> None:
    """Let a client become part of another one. Nothing is lost; `nudge clients unmerge` makes two of them again."""
    from nudge_entrypoints.contacts import merge_two

    typer.echo(json.dumps(merge_two(loaded(), user, kept, other), indent=2))


@app.command()
def unmerge(
    merge_id: Annotated[UUID, typer.Argument(metavar="MERGE", help="The id that the merge printed.")],
    *,
    user: Whose = None,
) -> None:
    """Make two clients of one again."""
    from nudge_entrypoints.contacts import unmerge

    typer.echo(json.dumps(unmerge(loaded(), user, merge_id), indent=2))
