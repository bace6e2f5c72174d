"""What is compared between a listing and a wish, and what each comparison is worth. Source: `verticals.md` 3.3."""

from __future__ import annotations

from nudge_core.matching.constraints import MatchSchema, NearField, NumberField, TermsField

URBAN_D0_KM, RURAL_D0_KM = 3.0, 10.0
"""Over this distance the worth of being near falls to 1/e."""

SCHEMA = MatchSchema(
    fields=(
        NumberField(name="price", weight=3, unit="usd", over_band=0.05, too_low=(0.4, 0.6)),
        NumberField(name="payment", weight=3, unit="usd_month", label="monthly payment"),
        TermsField(name="area", weight=3),
        NearField(name="near", weight=3, d0_km=URBAN_D0_KM, label="distance"),
        NumberField(name="beds", weight=2),
        TermsField(name="type", weight=2),
        NumberField(name="baths", weight=1, scale=2),
        NumberField(name="size", weight=1, unit="sqft"),
        NumberField(name="lot", weight=1, unit="sqft"),
        NumberField(name="year", weight=1, unit="year", label="year built"),
        NumberField(name="hoa", weight=1, unit="usd_month", label="HOA dues"),
    ),
    feature_weight=1,
)
"""No listing states a monthly payment, so a wish for one is always unknown: it lowers coverage, and a hard one asks."""
