"""Whom a network address stands for when one counts: a household, a phone, or a whole hospital behind one address."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_ONE_CUSTOMER = 64  # bits: what a provider gives to one customer in IPv6


def customer(address: str | None) -> str:
    """The address, or in IPv6 the /64 it is in; "" for this machine itself and for what is no address."""
    found = _read(address)
    if found is None:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.is_loopback:
        return ""
    if isinstance(found, IPv6Address):
        return str(ip_network((found, _ONE_CUSTOMER), strict=False))
    return str(found)


def is_within(address: str | None, networks: Iterable[str]) -> bool:
    """Whether it is in one of ``networks`` (``10.0.0.0/8``). Raises ValueError for a network that is none."""
    ranges, found = [ip_network(one, strict=False) for one in networks], _read(address)
    return found is not None and any(found in one for one in ranges if one.version == found.version)


def is_private(address: str | None) -> bool:
    """Whether it belongs to an inner network (10.…, 192.168.…): there it says nothing about who is who."""
    found = _read(address)
    return found is None or found.is_private


@lru_cache(1000)  # of one request it is asked several times
def _read(address: str | None) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address((address or "").strip())
    except ValueError:
        return None
