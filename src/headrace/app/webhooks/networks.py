"""Which addresses a message may be sent to: public ones, and those of networks that the settings name."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from headrace.errors import ConfigError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = ip_network("64:ff9b::/96")


class AddressRefused(Exception):
    """Raised for an address that no message may be sent to. Whoever may add webhooks must not reach what is inside."""


class Networks:
    """Public addresses, and those of some networks beside them.

    >>> Networks("10.0.0.0/8").allows("10.1.2.3"), Networks("").allows("10.1.2.3")
    (True, False)
    >>> [Networks("").allows(each) for each in ("127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "9.9.9.9")]
    [False, False, False, True]
    """

    def __init__(self, allowed: str) -> None:
        self._allowed = parse_networks(allowed)

    def allows(self, text: str) -> bool:
        """Whether messages may be sent to this address."""
        address = ip_address(text.partition("%")[0])
        inner = _inner(address)
        return self._is_named(address) or (inner is not None and self._is_named(inner)) or _is_public(address)

    def check(self, host: str, addresses: Sequence[str]) -> None:
        """Raise AddressRefused unless all addresses of a host are allowed: one that is not must not slip in later."""
        for address in addresses:
            if not self.allows(address):
                raise AddressRefused(
                    f"{host} is {address}, which is no public address. If it is yours and meant, name its network in "
                    "the setting worker.webhook_networks"
                )

    def _is_named(self, address: Address) -> bool:
        return any(address in network for network in self._allowed)


def parse_networks(text: str) -> list[Network]:
    """Networks with commas between them. Raises ConfigError that names the one that is none.

    >>> parse_networks("10.0.0.0/8, ::1")
    [IPv4Network('10.0.0.0/8'), IPv6Network('::1/128')]
    """
    found: list[Network] = []
    for each in filter(None, map(str.strip, text.split(","))):
        try:
            found.append(ip_network(each))
        except ValueError:
            raise ConfigError(
                f"webhook_networks holds networks such as 10.0.0.0/8, with commas; got {each!r}"
            ) from None
    return found


def _is_public(address: Address) -> bool:
    inner = _inner(address)
    if inner is not None:
        return _is_public(inner)
    return address.is_global and not address.is_multicast


def _inner(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to, where it does."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
