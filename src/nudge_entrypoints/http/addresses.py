"""Whose address a request comes from, behind proxies that are ours and through no others."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from attrs import frozen
from litestar.types import Scope

FORWARDED = b"x-forwarded-for"
IPV6_SITE = 64  # bits: the smallest network that a provider gives a customer (RFC 6177)
NOBODY = "unknown"


@frozen
class Addresses:
    """Reads addresses. `proxies`: addresses and networks whose word about `X-Forwarded-For` is taken."""

    proxies: tuple[str, ...] = ()

    def of(self, scope: Scope) -> tuple[str, int]:
        """Return the address and port from which the caller came, as ASGI writes them.

        The last address of the header that is no proxy of ours: everything before it the caller may have invented.
        """
        client = scope.get("client")
        host, port = (client[0], client[1]) if client else (NOBODY, 0)
        if not self.proxies or not self._is_ours(host):
            return host, port
        told = [part.strip() for name, value in scope["headers"] if name == FORWARDED
                for part in value.decode("latin-1").split(",")]  # fmt: skip
        for one in reversed(told):
            if not _is_address(one):
                break
            if not self._is_ours(one):
                return one, 0
        return host, port

    def _is_ours(self, host: str) -> bool:
        return _is_address(host) and any(ip_address(host) in ip_network(one) for one in self.proxies)


def site_of(host: str) -> str:
    """Return what is limited as one: an IPv4 address, or the site of an IPv6 one."""
    if not _is_address(host):
        return NOBODY
    address = ip_address(host)
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ip_network((address, IPV6_SITE), strict=False))
    return host


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
