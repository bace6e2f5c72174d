"""Where the data beside the checkout is; a test that needs it skips, with the reason, where it is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).resolve().parents[1]


def shared(relative: str) -> Path:
    """Return the path of a shared file or folder, or skip the test naming what is missing.

    Looked for in NUDGE_SHARED_DATA, in `shared/data` beside the checkout and beside its parent (worktrees).
    """
    found = looked_for(relative)
    if found is None:
        pytest.skip(f"shared data is absent: {relative}")
    return found


def looked_for(relative: str) -> Path | None:
    """Return the path of a shared file or folder, or None where it is absent."""
    given = os.environ.get("NUDGE_SHARED_DATA")
    folders = [Path(given)] if given else []
    folders += [parent / "shared" / "data" for parent in (_CHECKOUT.parent, _CHECKOUT.parent.parent)]
    return next((folder / relative for folder in folders if (folder / relative).exists()), None)
