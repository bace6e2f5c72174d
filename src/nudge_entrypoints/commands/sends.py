"""`nudge sends`: what only a person can settle: doubts, and senders that rest."""

from __future__ import annotations

import json
from typing import Annotated
from uuid import UUID

import typer

from nudge_entrypoints.commands.options import loaded

app = typer.Typer(no_args_is_help=True, help="What only a person can settle: doubts, and senders that rest.")


@app.command()
def unconfirmed() -> None:
    """Texts that may or may not have gone out: the carrier shows no trace, and nothing is sent again by itself."""
    from nudge_entrypoints.sends import unconfirmed

    typer.echo(json.dumps(unconfirmed(loaded()), indent=2))


@app.command()
def close(
    owner: Annotated[UUID, typer.Argument(help="The professional, as `unconfirmed` names them.")],
    message: Annotated[UUID, typer.Argument(help="The text.")],
    *,
    send_again: Annotated[bool, typer.Option("--send-again", help="Queue the same words anew.")] = False,
) -> None:
    """Close an unconfirmed text; it counts as not sent."""
    from nudge_entrypoints.sends import close

    again = close(loaded(), owner, message, send_again=send_again)
    typer.echo("closed" if again is None else f"closed; queued anew as {again}")


@app.command()
def lanes() -> None:
    """Every sending number: its pace, and why it rests."""
    from nudge_entrypoints.sends import lanes

    typer.echo(json.dumps(lanes(loaded()), indent=2))


@app.command()
def resume(sender: Annotated[str, typer.Argument(help="The number, E.164.")]) -> None:
    """Let a number that rests go on, when what it rested for is mended."""
    from nudge_entrypoints.sends import resume

    typer.echo("goes on" if resume(loaded(), sender) else "it did not rest")
