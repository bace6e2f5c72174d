"""What the server serves: every field with its type, and the metadata document made from the same table."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

STRING, LIST, BOOLEAN = "Edm.String", "Collection(Edm.String)", "Edm.Boolean"
INTEGER, DECIMAL, DOUBLE = "Edm.Int32", "Edm.Decimal", "Edm.Double"
TIMESTAMP, DATE = "Edm.DateTimeOffset", "Edm.Date"

PROPERTY: dict[str, str] = {
    "ListingKey": STRING,
    "ListingKeyNumeric": INTEGER,
    "ListingId": STRING,
    "OriginatingSystemName": STRING,
    "MlgCanView": BOOLEAN,
    "MlgCanUse": LIST,
    "StandardStatus": STRING,
    "MlsStatus": STRING,
    "PropertyType": STRING,
    "PropertySubType": STRING,
    "ListPrice": DECIMAL,
    "OriginalListPrice": DECIMAL,
    "PreviousListPrice": DECIMAL,
    "ClosePrice": DECIMAL,
    "CloseDate": DATE,
    "ModificationTimestamp": TIMESTAMP,
    "BridgeModificationTimestamp": TIMESTAMP,
    "PriceChangeTimestamp": TIMESTAMP,
    "StatusChangeTimestamp": TIMESTAMP,
    "MajorChangeTimestamp": TIMESTAMP,
    "MajorChangeType": STRING,
    "OriginalEntryTimestamp": TIMESTAMP,
    "PhotosChangeTimestamp": TIMESTAMP,
    "OnMarketTimestamp": TIMESTAMP,
    "OffMarketTimestamp": TIMESTAMP,
    "PendingTimestamp": TIMESTAMP,
    "SH_LastChangeTimestamp": STRING,
    "OnMarketDate": DATE,
    "OffMarketDate": DATE,
    "WithdrawnDate": DATE,
    "CancellationDate": DATE,
    "ContractStatusChangeDate": DATE,
    "ListingContractDate": DATE,
    "ExpirationDate": DATE,
    "BackOnMarketDate": DATE,
    "ActivationDate": DATE,
    "BedroomsTotal": INTEGER,
    "BathroomsTotalInteger": INTEGER,
    "BathroomsFull": INTEGER,
    "BathroomsHalf": INTEGER,
    "LivingArea": DECIMAL,
    "LivingAreaUnits": STRING,
    "LotSizeSquareFeet": DECIMAL,
    "LotSizeAcres": DECIMAL,
    "YearBuilt": INTEGER,
    "Stories": INTEGER,
    "GarageYN": BOOLEAN,
    "GarageSpaces": DECIMAL,
    "ParkingFeatures": LIST,
    "PoolPrivateYN": BOOLEAN,
    "PoolFeatures": LIST,
    "WaterfrontYN": BOOLEAN,
    "FireplaceYN": BOOLEAN,
    "Fencing": LIST,
    "AssociationYN": BOOLEAN,
    "AssociationFee": DECIMAL,
    "AssociationFeeFrequency": STRING,
    "NewConstructionYN": BOOLEAN,
    "StreetNumber": STRING,
    "StreetName": STRING,
    "StreetSuffix": STRING,
    "UnitNumber": STRING,
    "UnparsedAddress": STRING,
    "City": STRING,
    "CountyOrParish": STRING,
    "StateOrProvince": STRING,
    "PostalCode": STRING,
    "SubdivisionName": STRING,
    "Country": STRING,
    "Latitude": DOUBLE,
    "Longitude": DOUBLE,
    "PublicRemarks": STRING,
    "PrivateRemarks": STRING,
    "ShowingInstructions": STRING,
    "ListOfficeName": STRING,
    "InternetEntireListingDisplayYN": BOOLEAN,
    "InternetAddressDisplayYN": BOOLEAN,
    "PhotosCount": INTEGER,
}
MEDIA: dict[str, str] = {
    "MediaKey": STRING,
    "MediaURL": STRING,
    "MediaCategory": STRING,
    "Order": INTEGER,
    "PreferredPhotoYN": BOOLEAN,
    "ResourceName": STRING,
    "ResourceRecordKey": STRING,
    "ModificationTimestamp": TIMESTAMP,
    "MediaModificationTimestamp": TIMESTAMP,
}
NAMESPACE = "org.reso.metadata"


def metadata(key_field: str) -> str:
    """Return the metadata document (EDMX) of what is served, with `key_field` as the key of Property."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        f'<Schema Namespace="{NAMESPACE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
        + _entity(
            "Property", key_field, PROPERTY, f'<NavigationProperty Name="Media" Type="Collection({NAMESPACE}.Media)"/>'
        )
        + _entity("Media", "MediaKey", MEDIA)
        + '<EntityContainer Name="Default">'
        + "".join(f'<EntitySet Name="{name}" EntityType="{NAMESPACE}.{name}"/>' for name in ("Property", "Media"))
        + "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>\n"
    )


def _entity(name: str, key_field: str, fields: dict[str, str], navigation: str = "") -> str:
    properties = "".join(
        f'<Property Name={quoteattr(field)} Type="{kind}"{_nullable(field, key_field)}/>'
        for field, kind in fields.items()
    )
    key = f"<Key><PropertyRef Name={quoteattr(key_field)}/></Key>"
    return f'<EntityType Name="{name}">{key}{properties}{navigation}</EntityType>'


def _nullable(field: str, key_field: str) -> str:
    return ' Nullable="false"' if field == key_field else ""
