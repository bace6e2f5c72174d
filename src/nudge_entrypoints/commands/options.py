"""What the commands share: how they print, and the settings of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nudge_entrypoints import settings as settings_of_this_machine

if TYPE_CHECKING:
    from nudge_entrypoints.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
AsJsonLines = Annotated[bool, typer.Option("--json", help="Say what happens as JSON objects, one a line.")]


def loaded() -> Settings:
    """Return the settings of this machine."""
    return settings_of_this_machine.load()
