"""Drafts of real homes: shouted streets, odd baths, missing rooms make texts one can send."""

from __future__ import annotations

import json

from nudge_core.policy.placeholders import widest
from nudge_core.policy.segments import Encoding, segments
from nudge_core.verticals.real_estate.brief import brief
from nudge_core.verticals.real_estate.compose import compose
from nudge_core.verticals.real_estate.lint import lint
from tests.shared_data import shared
from tests.unit.homes import CHANGES, event_of, member_of, professional, ranking_of

EVERY = 5  # one home in five, each with every kind of event
DROP_CENTS = 1_500_000
GONE = {"expired_listing", "withdrawn_listing"}


def test_every_draft_of_a_real_home_fits_and_breaks_no_rule() -> None:
    lines = shared("mls/listing_histories_500.jsonl").read_text(encoding="utf-8").splitlines()[::EVERY]
    addressed = 0
    for home in map(json.loads, lines):
        cents = (home["price"] or 0) * 100
        listing = {
            "list_price_cents": cents,
            "beds": home["BedroomsTotal"],
            "baths": home["Bathrooms"],
            "living_area_sqft": home["LivingArea"],
            "address": home["UnparsedAddress"],
            "city": home["City"],
            "postal_code": home["PostalCode"],
            "remarks": home["PublicRemarks"],
        }
        change = {"previous_price_cents": cents + DROP_CENTS, "new_price_cents": cents}
        for kind in CHANGES:
            event = event_of(kind, {"listing": listing, "change": change})
            told = brief(professional(), event, ranking_of(member_of()))
            text = compose(told)
            counted = segments(widest(text))
            assert (counted.encoding, counted.parts <= 2) == (Encoding.GSM7, True)
            assert [finding.rule for finding in lint(text)] == (["owner_note"] if kind in GONE else [])
            addressed += "address" in told.facts and told.facts["address"] in text
    assert addressed > 0.95 * len(lines) * len(CHANGES)
