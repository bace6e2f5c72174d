"""The simulated carrier as a server on this machine, speaking Twilio's shapes; for tests, benchmarks and `nudge up`.

    async with carrier_server(settings, journal, clock) as server: ...      in this process
    python -m nudge_adapters.sms.server --help                              in a process of its own

Messages, numbers and one-time codes as `messaging.md` sections 2, 3, 4, 9 and 10 describe them, over the same
`SimulatedCarrier` and accept-ledger as the simulator without a wire. What can go wrong on a wire does, by a seed.
"""

from nudge_adapters.sms.server.app import CarrierServer
from nudge_adapters.sms.server.serving import carrier_server
from nudge_adapters.sms.server.settings import ServerSettings

__all__ = ["CarrierServer", "ServerSettings", "carrier_server"]
