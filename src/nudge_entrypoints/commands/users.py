"""`nudge users`: professionals: who may sign in."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from nudge_entrypoints.commands.options import loaded

app = typer.Typer(no_args_is_help=True, help="Professionals: who may sign in.")


@app.command()
def add(
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


@app.command()
def list() -> None:
    """Every professional."""
    from nudge_entrypoints.users import everybody

    typer.echo(json.dumps(everybody(loaded()), indent=2))


@app.command()
def super(
    phone: Annotated[str, typer.Argument(help="Their own telephone, E.164.")],
    *,
    on: Annotated[bool, typer.Option("--on/--off", help="Whether they may.")],
) -> None:
    """Let a professional read across accounts, where every look is written into the audit trail of that account."""
    from nudge_entrypoints.users import set_super

    set_super(loaded(), phone, on=on)
    typer.echo("may read across accounts" if on else "may not read across accounts")
