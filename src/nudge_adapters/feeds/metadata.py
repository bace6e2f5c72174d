"""What a server says it serves: the fields and the key of one entity set, from its `$metadata`."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError, fromstring

from attrs import frozen

_NUMBERS = frozenset({"Edm.Byte", "Edm.Int16", "Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Double", "Edm.Single"})


@frozen(kw_only=True)
class EntitySchema:
    """The properties of an entity set by name, its navigation properties, and its key's name (None: not told)."""

    properties: frozenset[str]
    numbers: frozenset[str]
    navigation: frozenset[str]
    key: str | None

    def is_number(self, name: str) -> bool:
        """Say whether a property is a number: such a key is written without quotes."""
        return name in self.numbers


def read_metadata(document: bytes, entity_set: str) -> EntitySchema | None:
    """Return the schema of `entity_set`, inherited properties included; None when the document does not tell.

    The document is EDMX in XML. Python's parser fetches no external entity and limits the growth of internal ones.
    """
    try:
        root = fromstring(document)  # noqa: S314 - see above; the size is limited where it is fetched
    except (ParseError, ValueError):
        return None
    types = {
        f"{schema.get('Namespace')}.{entity.get('Name')}": entity
        for schema in _named(root, "Schema")
        for entity in _named(schema, "EntityType")
    }
    name = next((one.get("EntityType") for one in _named(root, "EntitySet") if one.get("Name") == entity_set), None)
    name = name or next((full for full in types if full.rpartition(".")[2] == entity_set), None)
    chain: list[Element] = []
    while name in types and types[name] not in chain:
        chain.append(types[name])
        name = types[name].get("BaseType")
    if not chain:
        return None
    properties = [one for entity in chain for one in _named(entity, "Property")]
    keys = [one.get("Name") for entity in chain for one in _named(entity, "PropertyRef")]
    return EntitySchema(
        properties=frozenset(one.get("Name", "") for one in properties),
        numbers=frozenset(one.get("Name", "") for one in properties if one.get("Type") in _NUMBERS),
        navigation=frozenset(one.get("Name", "") for entity in chain for one in _named(entity, "NavigationProperty")),
        key=keys[0] if len(keys) == 1 else None,
    )


def _named(parent: Element, name: str) -> list[Element]:
    """Return the elements below with this local name, whatever version of the namespace the server writes."""
    return [element for element in parent.iter() if element.tag.rpartition("}")[2] == name]
