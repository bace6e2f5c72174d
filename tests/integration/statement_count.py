"""What a call costs the database: every statement that goes to the driver, whichever pool it goes through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest


def count_statements(patch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count from now on; return how many it has been so far."""
    counted, run = [0], psycopg.AsyncCursor.execute

    async def counting(self: Any, *given: Any, **named: Any) -> Any:
        counted[0] += 1
        return await run(self, *given, **named)

    patch.setattr(psycopg.AsyncCursor, "execute", counting)
    return lambda: counted[0]
