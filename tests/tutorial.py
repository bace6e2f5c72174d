"""A page of documentation as a test: its `sh` blocks are run, and what a `text` block promises must have been seen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

_BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANYTHING = "..."


@frozen
class Step:
    """Commands, and what a reader is told to see; None: nothing is promised."""

    commands: str
    promised: str | None


def steps(page: str) -> Iterator[Step]:
    """Yield the steps of a page, in order. Raises ValueError for a promise without commands before it."""
    commands: str | None = None
    for kind, body in _BLOCK.findall(page):
        if kind == "sh":
            if commands is not None:
                yield Step(commands, None)
            commands = body
        elif commands is None:
            raise ValueError(f"nothing was run before: {body}")
        else:
            yield Step(commands, body)
            commands = None
    if commands is not None:
        yield Step(commands, None)


def script(page: Sequence[Step], mark: str) -> str:
    """Return the steps as one bash session that says `mark` after each, and with it the number of the step."""
    return "".join(f"{step.commands}\necho\necho {mark} {number}\n" for number, step in enumerate(page))


def keeps(promised: str, seen: str) -> bool:
    """Say whether what was seen is what was promised: `...` stands for anything, also for any number of lines."""
    pattern = re.escape(promised.strip()).replace(re.escape(ANYTHING), ".*")
    return re.fullmatch(pattern, seen.strip(), re.DOTALL) is not None
