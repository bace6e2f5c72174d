"""Rule C10: an opt-out belongs to the phone, not to a row of the book, and nothing takes it away but the person."""

from __future__ import annotations

from nudge_adapters.sql.tables import suppression
from nudge_core.model.consent import Suppression
from nudge_core.ports.tenant import Suppressions


def test_a_suppression_names_the_phone_and_hangs_on_no_client() -> None:
    assert not hasattr(Suppression, "client_id")
    assert {key.column.table.name for key in suppression.foreign_keys} <= {"user"}


def test_the_port_adds_and_reads_and_has_no_way_to_change_or_delete() -> None:
    verbs = {name for name in vars(Suppressions) if not name.startswith("_")}
    assert verbs == {"add", "active", "active_for"}
