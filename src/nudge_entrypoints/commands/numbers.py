"""`nudge numbers`: telephone numbers of the Twilio account."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from nudge_entrypoints.commands.options import loaded

app = typer.Typer(no_args_is_help=True, help="Telephone numbers of the Twilio account.")


@app.command()
def search(
    *,
    area_code: Annotated[str | None, typer.Option(help="Three digits.")] = None,
    near: Annotated[str | None, typer.Option(help="A number to be near to, E.164.")] = None,
    region: Annotated[str | None, typer.Option(help="Two letters of a state.")] = None,
) -> None:
    """Numbers on offer."""
    from nudge_entrypoints.numbers import search

    typer.echo(json.dumps(search(loaded(), area_code, near, region), indent=2))


@app.command()
def buy(number: Annotated[str, typer.Argument(help="The very number, E.164. This spends money.")]) -> None:
    """Buy a number, so that texts to it reach our webhooks. Calling it again buys nothing more."""
    from nudge_entrypoints.numbers import buy

    typer.echo(json.dumps(buy(loaded(), number)))


@app.command()
def owned() -> None:
    """Every number of the account."""
    from nudge_entrypoints.numbers import owned

    typer.echo(json.dumps(owned(loaded()), indent=2))
