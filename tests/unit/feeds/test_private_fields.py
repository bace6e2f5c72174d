"""No value of a private field survives reading, wherever it stands and whatever prefix its name has.

The names below are those of the Data Dictionary and of vendors' metadata, written down apart from the patterns.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import asdict
from hypothesis import given
from hypothesis import strategies as st

from nudge_adapters.feeds.privacy import MAX_DEPTH, is_private, public_part
from nudge_adapters.feeds.records import RESO_SELECT, VENDOR_FIELDS, RecordShape, reso_listing, spark_listing
from nudge_core.model.feed import RawListing, UnreadRecord
from nudge_core.model.json import plain_json

# fmt: off
PRIVATE_NAMES = [
    "PrivateRemarks", "PrivateOfficeRemarks", "AgentRemarks", "BrokerRemarks", "OfficeRemarks", "ConfidentialRemarks",
    "RealtorRemarks", "ShowingInstructions", "ShowingContactName", "ShowingContactPhone", "ShowingContactPhoneExt",
    "ShowingRequirements", "ShowingAdvanceNotice", "ShowingServiceName", "ShowingConsiderations", "ShowingStartTime",
    "ShowingAppointmentURL", "LockBoxLocation", "LockBoxSerialNumber", "LockBoxType", "LockboxCode",
    "LockCombination", "KeySafeCode", "AccessCode", "GateCode", "DoorCode", "AlarmCode", "EntryCode", "SecurityCode",
    "AlarmInstructions", "AccessInstructions", "OwnerName", "OwnerPhone", "OwnerPays", "Owner1LastName",
    "OccupantName", "OccupantPhone", "OccupantType", "TenantName", "TenantPhone", "SellerName", "SellerPhone",
    "BuyerName", "ParkManagerName", "ParkManagerPhone", "ResidentName", "PropertyManagerPhone", "ListAgentFullName",
    "ListAgentEmail", "ListAgentDirectPhone", "ListAgentHomePhone", "ListAgentMobilePhone", "ListAgentPager",
    "CoListAgentFullName", "BuyerAgentFullName", "BuyerAgentVoiceMail", "ListOfficePhone", "ListOfficeEmail",
    "ListOfficeFax", "IdxContactInformation", "VowContactInformation", "AttributionContact", "AssociationPhone",
    "BuyerAgencyCompensation", "CompensationComments", "SubAgencyCompensation", "TransactionBrokerCompensation",
    "ExpirationDate", "InternalNotes", "AgentNotes", "Directions",
]
# fmt: on
PREFIXES = ["", "ACT_", "BRIDGE_", "X ", "local."]
CANARY = "canary-7f3a"
PUBLIC = {
    "ListingKey": "a1",
    "StandardStatus": "Active",
    "ListPrice": 500_000,
    "City": "Provo",
    "PublicRemarks": "Bright.",
}


@pytest.mark.parametrize("name", PRIVATE_NAMES)
def test_every_private_name_is_known(name: str) -> None:
    assert is_private(name)
    assert is_private(f"ACT_{name}")
    assert is_private(name.upper())


@pytest.mark.parametrize(
    "name",
    [
        *RESO_SELECT,
        *VENDOR_FIELDS,
        "SyndicationRemarks",
        "ListOfficeName",
        "TaxBlock",
        "AccessibilityFeatures",
        "SecurityFeatures",
        "DirectionFaces",
        "Media",
        "MediaURL",
    ],
)
def test_no_public_field_is_taken_for_a_private_one(name: str) -> None:
    assert not is_private(name)


def everything_of(read: RawListing | UnreadRecord) -> str:
    if isinstance(read, UnreadRecord):
        return f"{read.raw} {read.rule} {read.listing_key}"
    return json.dumps(plain_json(read.raw)) + repr(asdict(read.snapshot)) + repr(read)


NAMES = st.builds(
    lambda prefix, name, upper: prefix + (name.upper() if upper else name),
    st.sampled_from(PREFIXES),
    st.sampled_from(PRIVATE_NAMES),
    st.booleans(),
)
HIDDEN = st.sampled_from([CANARY, [CANARY], {"value": CANARY}, [{"deep": [CANARY]}]])
PRIVATE_PARTS = st.dictionaries(NAMES, HIDDEN, min_size=1, max_size=6)


def wrapped(part: dict[str, Any], how: str) -> dict[str, Any]:
    """Put private fields into a record in one of the ways vendors do."""
    if how == "beside":
        return PUBLIC | part
    if how == "nested":
        return PUBLIC | {"Media": [{"MediaURL": "https://photos.example/1.jpeg", "Extra": part}]}
    if how == "labelled":
        rows = [{"FieldName": name, "PreviousValue": CANARY, "NewValue": CANARY} for name in part]
        return PUBLIC | {"HistoryTransactional": rows, "Rows": [[row] for row in rows]}
    return PUBLIC | {"CustomFields": [{"Main": [{"Anything at all": CANARY} | part]}]}


WAYS = st.sampled_from(["beside", "nested", "labelled", "custom"])


@given(PRIVATE_PARTS, WAYS, st.booleans())
def test_no_private_value_survives_a_reso_record(part: dict[str, Any], how: str, has_key: bool) -> None:
    record = wrapped(part, how)
    if not has_key:
        del record["ListingKey"]
    read = reso_listing(record, RecordShape(), "actris")
    assert isinstance(read, RawListing) is has_key
    assert CANARY not in everything_of(read)
    assert "Provo" in everything_of(read), "what is public is kept"


@given(PRIVATE_PARTS, WAYS, st.booleans())
def test_no_private_value_survives_a_spark_record(part: dict[str, Any], how: str, has_id: bool) -> None:
    fields = wrapped(part, how)
    fields.pop("ListingKey")
    record = {"Id": "2006" if has_id else None, "StandardFields": fields, "CustomFields": [{"Main": [part]}]} | part
    read = spark_listing(record, RecordShape(), "flexmls")
    assert isinstance(read, RawListing) is has_id
    assert CANARY not in everything_of(read)


@given(st.sampled_from([CANARY, [CANARY], None, 7]))
def test_of_a_bare_text_only_its_shape_is_kept(record: object) -> None:
    read = reso_listing([{"PrivateRemarks": CANARY}] if record == [CANARY] else record, RecordShape(), "actris")
    assert isinstance(read, UnreadRecord)
    assert CANARY not in everything_of(read)


def test_a_hostile_record_does_not_exhaust_the_stack() -> None:
    deep: object = CANARY
    for _ in range(100_000):
        deep = [deep]
    kept = public_part({"ListingKey": "a1", "Deep": deep, "Huge": 10**400, "Odd": float("nan"), "Set": {1}})
    assert CANARY not in json.dumps(kept)
    assert json.dumps(kept).count("[") == MAX_DEPTH - 1
    assert (kept["Huge"], kept["Odd"], kept["Set"]) == (None, None, None)
