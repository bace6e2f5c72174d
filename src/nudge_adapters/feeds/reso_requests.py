"""Which address asks a RESO server for what, under one vendor's ways and the server's own metadata."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from nudge_adapters.feeds.metadata import EntitySchema
from nudge_adapters.feeds.odata import address, all_of, any_of, entity_path, key_literal, text_literal
from nudge_adapters.feeds.profiles import PageOption, Photos, Profile
from nudge_adapters.feeds.replication import Ask
from nudge_adapters.feeds.shape import RESO_SELECT, VENDOR_FIELDS

MEDIA = "Media"


@frozen(kw_only=True)
class ResoRequests:
    """Addresses to ask.

    `base`: where the service begins. `system_name`: OriginatingSystemName where it must stand in every filter, else
    empty. `schema`: what the server says it has; None when it does not tell: then no field is named.
    """

    base: str
    profile: Profile
    system_name: str = ""
    schema: EntitySchema | None = None

    @property
    def always(self) -> str:
        """The filter that stands in every request."""
        return f"OriginatingSystemName eq {text_literal(self.system_name)}" if self.system_name else ""

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields we read and the server has; empty when all are sent unasked."""
        profile, schema = self.profile, self.schema
        if schema is None or not profile.select:
            return ()
        wanted = dict.fromkeys((profile.key_field, profile.watermark_field, *RESO_SELECT, *VENDOR_FIELDS))
        inline = (MEDIA,) if profile.photos is Photos.INLINE else ()
        return tuple(name for name in wanted if name in schema.properties) + inline

    def metadata(self) -> str:
        """Ask for the metadata document."""
        return address(self.base, "$metadata", {"$filter": self.always})

    def page(self, ask: Ask, rows: int) -> str:
        """Ask for a page with all fields we read."""
        return self._collection(ask, rows, {"$select": ",".join(self.fields), "$expand": self._expanded()})

    def keys(self, ask: Ask, rows: int, *, count: bool) -> str:
        """Ask for a page of keys and timestamps only, and with `count` for the number of all rows."""
        select = dict.fromkeys((self.profile.key_field, self.profile.watermark_field))
        return self._collection(ask, rows, {"$select": ",".join(select), "$count": "true" if count else ""})

    def several(self, keys: Sequence[str]) -> str:
        """Ask for the listings with these keys. Only where the key is searchable."""
        literals = [self._literal(key) for key in keys]
        options = {
            "$filter": all_of(self.always, any_of(self.profile.key_field, literals)),
            "$top": str(len(keys)) if self.profile.page_option is PageOption.TOP else "",
            "$select": ",".join(self.fields),
            "$expand": self._expanded(),
        }
        return address(self.base, self.profile.resource, options)

    def entity(self, key: str) -> str:
        """Ask for one listing by its key."""
        path = entity_path(self.profile.resource, self._literal(key))
        return address(self.base, path, {"$select": ",".join(self.fields), "$expand": self._expanded()})

    def after_key(self, key: str | None) -> Ask:
        """Return what to ask for all keys behind `key`, in their own order."""
        behind = "" if key is None else f"{self.profile.key_field} gt {self._literal(key)}"
        return Ask(filter=all_of(self.always, behind), order=(self.profile.key_field,))

    def _collection(self, ask: Ask, rows: int, more: dict[str, str]) -> str:
        options = {
            "$filter": ask.filter,
            "$orderby": ",".join(f"{name} asc" for name in ask.order),
            "$top": str(rows) if self.profile.page_option is PageOption.TOP else "",
            "$skip": str(ask.skip) if ask.skip else "",
        }
        return address(self.base, self.profile.replication_path or self.profile.resource, options | more)

    def _expanded(self) -> str:
        """Return what to expand: photos, where the server has them and we may show them."""
        profile, schema = self.profile, self.schema
        if profile.photos is not Photos.EXPAND or not profile.photos_may_be_linked:
            return ""
        return MEDIA if schema is None or MEDIA in schema.navigation else ""

    def _literal(self, key: str) -> str:
        return key_literal(key, number=self.profile.key_is_number)
