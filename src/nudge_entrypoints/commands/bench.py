"""`nudge bench`: figures as ratios, measured in one run."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from nudge_entrypoints.commands.options import AsJson

app = typer.Typer(no_args_is_help=True, help="Figures as ratios, measured in one run.")

Quick = Annotated[bool, typer.Option("--quick", help="Small sizes: seconds instead of minutes.")]


def _bench(name: str, quick: bool, as_json: bool, **more: object) -> None:
    from importlib import import_module

    module = import_module(f"nudge_entrypoints.bench.{name}")
    told = module.measure(quick=quick, **more)
    typer.echo(json.dumps(told) if as_json else module.table(told))


@app.command()
def match(*, quick: Quick = False, as_json: AsJson = False) -> None:
    """Matching beside scorers that take one pair at a time and the machine's matrix product; memory per client."""
    _bench("match", quick, as_json)


@app.command()
def search(*, quick: Quick = False, as_json: AsJson = False) -> None:
    """Exact search in practices small and large, beside a pass over the memory, and its recall."""
    _bench("search", quick, as_json)


@app.command()
def changes(*, quick: Quick = False, as_json: AsJson = False) -> None:
    """Change detection beside a plain comparison of dicts."""
    _bench("changes", quick, as_json)


@app.command()
def ingest(*, quick: Quick = False, as_json: AsJson = False) -> None:
    """Storing pages beside a plain COPY of the same rows."""
    _bench("ingest", quick, as_json)


@app.command()
def walls(*, quick: Quick = False, as_json: AsJson = False) -> None:
    """What row-level security costs: reads of a tenant and claims, with it and past it."""
    _bench("walls", quick, as_json)


@app.command()
def claims(*, quick: Quick = False, as_json: AsJson = False) -> None:
    """Claiming due texts beside one plain UPDATE of all that is due; double claims of racing workers."""
    _bench("claims", quick, as_json)


@app.command()
def drain(
    *,
    quick: Quick = False,
    as_json: AsJson = False,
    carrier: Annotated[str | None, typer.Option(help="http: a process of its own; ledger: a stand-in.")] = None,
    callbacks: Annotated[str, typer.Option(help="Receipts are told during the drain, after it, or none.")] = "during",
    faults: Annotated[float, typer.Option(help="Share of requests that go wrong.", min=0.0, max=1.0)] = 0.0,
) -> None:
    """Texts a second through the whole sending walk, unpaced and paced; memory."""
    _bench("drain", quick, as_json, carrier=carrier, callbacks=callbacks, faults=faults)


@app.command()
def http(*, quick: Quick = False, as_json: AsJson = False) -> None:
    """The queue, conversations and clients beside raw ASGI and FastAPI with an ORM: CPU, requests a second, p99."""
    _bench("http", quick, as_json)
