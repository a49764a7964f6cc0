"""Where events may be sent: http(s), no secrets in the address, and never into an inner network that nobody allowed. Pure."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from feedback_app.errors import Refused

LONGEST = 500
_WRAPPED = tuple(ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""IPv6 ranges that lead to an IPv4 address somewhere: which one is not ours to find out."""


def check(url: str) -> tuple[str, str, int]:
    """Scheme, host and port. Raises Refused ``webhooks.bad_url``."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("webhooks.bad_url") from None
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST
    if not plain or parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise Refused("webhooks.bad_url")
    if parts.fragment or port == 0:
        raise Refused("webhooks.bad_url")
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}[parts.scheme]


def may_be_reached(address: str, inner: Iterable[str]) -> bool:
    """Whether an address that a name was resolved to may be connected to; ``inner``: networks the operator allowed."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if any(found in one for one in (ip_network(each, strict=False) for each in inner) if one.version == found.version):
        return True
    wrapped = any(found in one for one in _WRAPPED if one.version == found.version)
    return found.is_global and not found.is_multicast and not wrapped
