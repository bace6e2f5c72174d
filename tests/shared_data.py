"""Where the shared sample data lies: read where it is, never copied, and a clear skip when it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


def shared(relative: str) -> Path:
    """Return the path of a file of the shared data, or skip the test with a reason that names it."""
    stated = os.environ.get("NUDGE_SHARED_DATA")
    beside = [CHECKOUT.parent / "shared" / "data", CHECKOUT.parent.parent / "shared" / "data"]
    for folder in [Path(stated), *beside] if stated else beside:
        if (folder / relative).exists():
            return folder / relative
    pytest.skip(f"shared data {relative} is not there (NUDGE_SHARED_DATA, or shared/data beside the checkout)")
