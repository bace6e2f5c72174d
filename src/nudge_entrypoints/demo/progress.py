"""A progress bar on standard error for anything longer than a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from nudge_entrypoints.demo.headless import Say


@contextmanager
def progress(*, quiet: bool = False, console: Console | None = None) -> Iterator[Say]:
    """Yield a function to be told `(what, done, total)`; it draws a bar, and takes it away at the end."""
    if quiet:
        yield lambda _what, _done, _total: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console or Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def say(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield say
