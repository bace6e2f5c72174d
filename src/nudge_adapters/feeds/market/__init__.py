"""A local MLS: an invented market that lives, and a server that speaks the RESO Web API for it.

For the demo and for rehearsing a vendor's ways without an account. Nothing in it is real but the names of cities.
"""

from nudge_adapters.feeds.market.faults import (
    Fault,
    cut_short,
    error_after_ok,
    html_error,
    silent,
    too_many_requests,
    unauthorised,
)
from nudge_adapters.feeds.market.listing_record import SYSTEM_NAME
from nudge_adapters.feeds.market.living import Inventory, Market
from nudge_adapters.feeds.market.manner import Links, Manner
from nudge_adapters.feeds.market.server import MarketServer, RateLimit, market_server

__all__ = [
    "SYSTEM_NAME",
    "Fault",
    "Inventory",
    "Links",
    "Manner",
    "Market",
    "MarketServer",
    "RateLimit",
    "cut_short",
    "error_after_ok",
    "html_error",
    "market_server",
    "silent",
    "too_many_requests",
    "unauthorised",
]
