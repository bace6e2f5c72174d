"""Addresses and links: what a token may travel with, and what must reach the server digit by digit."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from nudge_adapters.feeds.http import address_problem, is_loopback
from nudge_adapters.feeds.metadata import read_metadata
from nudge_adapters.feeds.odata import address, entity_path, key_literal, next_address, text_literal
from nudge_adapters.feeds.spark import spark_text
from nudge_core.errors import Invalid, Refused
from tests.shared_data import shared

ASKED = "https://mls.example.com/odata/Property?$top=10"


def test_options_reach_the_server_as_they_were_meant() -> None:
    sent = address(
        "https://mls.example.com/odata/", "Property", {"$filter": "A eq 'O''F+n & x' and B gt 1+2", "$top": ""}
    )
    assert "+" not in urlsplit(sent).query
    assert parse_qs(urlsplit(sent).query) == {"$filter": ["A eq 'O''F+n & x' and B gt 1+2"]}


def test_a_key_with_a_quote_and_a_slash_stays_one_path_segment() -> None:
    path = entity_path("Property", key_literal("a'b/c?d", number=False))
    assert path == "Property(%27a%27%27b%2Fc%3Fd%27)"


def test_a_text_where_the_server_has_numbers_is_refused_before_it_is_sent() -> None:
    assert key_literal("123", number=True) == "123"
    with pytest.raises(Invalid, match="digits"):
        key_literal("1 or 1 eq 1", number=True)


def test_texts_are_escaped_as_each_language_wants() -> None:
    assert text_literal("O'Fallon") == "'O''Fallon'"
    assert spark_text("O'Fallon\\") == r"'O\'Fallon\\'"


@pytest.mark.parametrize(
    ("link", "resolved"),
    [
        ("https://mls.example.com/odata/Property?$skip=10", "https://mls.example.com/odata/Property?$skip=10"),
        ("Property?$skip=10", "https://mls.example.com/odata/Property?$skip=10"),
        ("/odata/Property?$skip=10", "https://mls.example.com/odata/Property?$skip=10"),
        ("?$skiptoken=a", "https://mls.example.com/odata/Property?$skiptoken=a"),
        (  # verbatim: a raw $, + for blanks, percent signs of the server's own
            "https://mls.example.com/odata/Property?$filter=A+in+(%27x%27%2c+%27y%27)&$skip=10",
            "https://mls.example.com/odata/Property?$filter=A+in+(%27x%27%2c+%27y%27)&$skip=10",
        ),
    ],
)
def test_links_are_followed_verbatim_after_resolving(link: str, resolved: str) -> None:
    assert next_address(ASKED, link, "reso:x") == resolved


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.com/odata/Property?$skip=10",
        "http://mls.example.com/odata/Property?$skip=10",
        "//evil.example.com/x",
        "https://mls.example.com:8443/odata",
        "https://mls.example.com@evil.example.com/",
    ],
)
def test_a_link_to_another_host_or_scheme_is_refused(link: str) -> None:
    with pytest.raises(Refused, match="foreign_link"):
        next_address(ASKED, link, "reso:x")


def test_a_token_in_a_link_is_taken_off() -> None:
    link = "https://mls.example.com/odata/Property/replication?access_token=SECRET&next=a%2Bb"
    assert next_address(ASKED, link, "reso:x") == "https://mls.example.com/odata/Property/replication?next=a%2Bb"


@pytest.mark.parametrize(
    ("given", "fine"),
    [
        ("https://api.mlsgrid.com/v2", True),
        ("http://127.0.0.1:8080/odata", True),
        ("http://[::1]:8080/odata", True),
        ("http://localhost/odata", True),
        ("http://api.mlsgrid.com/v2", False),
        ("http://127.0.0.1.example.com/", False),
        ("api.mlsgrid.com", False),
        ("", False),
        ("https://user:secret@api.mlsgrid.com/v2", False),
        ("https://api.mlsgrid.com/v2?access_token=x", False),
    ],
)
def test_a_token_travels_over_https_or_on_this_machine(given: str, fine: bool) -> None:
    problem = address_problem("base_address", given)
    assert (problem is None) is fine
    assert "secret" not in (problem or "")


def test_loopback_is_this_machine_only() -> None:
    assert not is_loopback("http://10.0.0.1/")
    assert is_loopback("http://127.8.8.8/")


def test_the_metadata_of_a_real_server_with_a_numeric_key() -> None:
    schema = read_metadata(shared("mls/payloads/wfrmls_metadata.edmx.xml").read_bytes(), "Property")
    assert schema is not None
    assert schema.key == "ListingKeyNumeric"
    assert schema.is_number("ListingKeyNumeric")
    assert len(schema.properties) == 327  # shared data README
    assert "MajorChangeTimestamp" not in schema.properties


def test_the_metadata_of_the_reference_server() -> None:
    schema = read_metadata(shared("mls/payloads/refserver/metadata.xml").read_bytes(), "Property")
    assert schema is not None
    assert schema.key == "ListingKey"
    assert not schema.is_number("ListingKey")
    assert "Media" in schema.navigation


def test_inherited_properties_belong_to_an_entity() -> None:
    document = b"""<Edmx><Schema Namespace="v"><EntityType Name="Base"><Key><PropertyRef Name="Id"/></Key>
        <Property Name="Id" Type="Edm.Int64"/></EntityType>
        <EntityType Name="Home" BaseType="v.Base"><Property Name="City" Type="Edm.String"/></EntityType>
        <EntityContainer><EntitySet Name="Property" EntityType="v.Home"/></EntityContainer></Schema></Edmx>"""
    schema = read_metadata(document, "Property")
    assert schema is not None
    assert (schema.key, schema.properties) == ("Id", frozenset({"Id", "City"}))


@pytest.mark.parametrize(
    "document", [b"", b"<html>", b"{}", b"<Edmx/>", b"\xff\xfe", b"<Edmx><EntityType Name='Office'/></Edmx>"]
)
def test_a_document_that_does_not_tell_is_none(document: bytes) -> None:
    assert read_metadata(document, "Property") is None


def test_a_type_that_inherits_from_itself_ends() -> None:
    document = b'<Edmx><Schema Namespace="v"><EntityType Name="Property" BaseType="v.Property"/></Schema></Edmx>'
    schema = read_metadata(document, "Property")
    assert schema is not None
    assert schema.key is None
