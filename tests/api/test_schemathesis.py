"""A1 of reliability.md: the whole document against the application, with every check of schemathesis that makes sense.

What the document allows is tried, and what it does not: nothing is a failure of ours, nothing is answered that the
document does not say. The size is bounded and nothing is left to chance, so that two runs are equal;
`NUDGE_SCHEMATHESIS_EXAMPLES=200` is the size of the reliability document.

Left out: that all data of the right shape is accepted. Lengths, phones and cursors are rules of the entities, which
the document states in words and the answer names by field (422).
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from nudge_adapters.memory import MemoryStore
from nudge_entrypoints.http.api.routes import CONTROLLERS
from nudge_entrypoints.http.document_pages import DOCUMENT_PATH
from tests.api.office import RITA, open_office
from tests.api.probes import Probes
from tests.samples import CountingIds, SteppingClock

EXAMPLES = int(os.environ.get("NUDGE_SCHEMATHESIS_EXAMPLES", "8"))
EXPECTED = {"not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", 501]}}
"""501: this installation has no Twilio account and no key for secrets, and says so."""

AS_RITA = {"Authorization": f"Bearer {RITA}"}

load_all_checks()


@pytest.fixture
def described() -> schemathesis.BaseSchema:
    """The application's own document, and the application."""
    clock = SteppingClock()
    store = MemoryStore(clock, CountingIds(1))
    office = asyncio.run(open_office(store, clock, controllers=[*CONTROLLERS, Probes]))
    config = SchemathesisConfig.from_dict(
        {"headers": AS_RITA, "generation": {"mode": "all", "deterministic": True}, "checks": EXPECTED}
    )
    return schemathesis.openapi.from_asgi(DOCUMENT_PATH, office.app, config=config)


def test_the_application_keeps_what_its_document_says(described: schemathesis.BaseSchema) -> None:
    failed: list[str] = []
    tried = 0
    for found in described.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # the document is a good one
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                tried += _tried(operation, mode)
            except Unsatisfiable:
                continue  # there is no wrong way to call it
            except FailureGroup as error:
                failed += [f"{operation.label} ({mode.value}): {one}" for one in error.exceptions]
    assert not failed, "\n\n".join(failed)
    assert tried > EXAMPLES


def _tried(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode) -> int:
    tried = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def try_it(case: Case[Any]) -> None:
        nonlocal tried
        tried += 1
        case.call_and_validate(headers=AS_RITA, excluded_checks=[positive_data_acceptance])

    try_it()
    return tried
