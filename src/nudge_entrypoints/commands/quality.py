"""`nudge quality`: how good the product's judgement is, on public data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from nudge_core.errors import Misconfigured
from nudge_entrypoints.commands.options import AsJson

app = typer.Typer(
    invoke_without_command=True, help="How good the judgement is, on public data, beside simple methods; no model."
)


@app.callback()
def quality(
    context: typer.Context,
    *,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder with sgd_homes and counsel_chat; else beside the checkout.")
    ] = None,
    timed: Annotated[bool, typer.Option("--time", help="Milliseconds per event too: two runs differ then.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure every part there is data for. Ends with 1 when a gate is missed."""
    if context.invoked_subcommand is not None:
        return
    from nudge_entrypoints.quality import report
    from nudge_entrypoints.quality.folders import found
    from nudge_entrypoints.quality.section import passed

    sections = report.measured(found(data), timed=timed)
    typer.echo(json.dumps(report.told(sections)) if as_json else report.text(sections))
    if not passed(sections):
        raise typer.Exit(1)


@app.command()
def predict(
    *,
    out: Annotated[Path, typer.Option("--out", help="Where the predictions go: JSON lines in the referee's format.")],
    sgd: Annotated[Path | None, typer.Option("--sgd", help="Folder of homes: from a home to clients.")] = None,
    counsel: Annotated[
        Path | None, typer.Option("--counsel", help="Folder of contents: from content to clients.")
    ] = None,
) -> None:
    """Write predictions for any folder of that shape. The truth is not read and need not be there."""
    from nudge_entrypoints.quality import content, rankings

    if (sgd is None) == (counsel is None):
        raise Misconfigured(["quality predict: give one of --sgd DIR and --counsel DIR"])
    if sgd is not None:
        rankings.predict_homes(sgd, out)
    elif counsel is not None:
        content.predict(counsel, out)
    typer.echo(f"written: {out}")
