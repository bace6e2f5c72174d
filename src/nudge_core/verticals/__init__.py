"""The professions Nudge knows. `VERTICALS` is the built-in table: the value of `user.vertical` to the vertical."""

from collections.abc import Mapping
from types import MappingProxyType

from nudge_core.verticals.base import Vertical
from nudge_core.verticals.real_estate.vertical import RealEstate

VERTICALS: Mapping[str, Vertical] = MappingProxyType({"real_estate": RealEstate()})

__all__ = ["VERTICALS", "RealEstate", "Vertical"]
