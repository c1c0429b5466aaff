"""Which addresses may be called when a user names the URL, and which never.

A tracker's URL is typed in by a person and called by the server, from inside the city's network:
without this, it would be a way to ask the server's neighbours (server-side request forgery).
Lists: IANA's registries of special-purpose addresses (RFC 6890) and what clouds add.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LONGEST_HOST = 253

# Written out rather than taken from `is_global`, whose meaning moves with Python's version.
_CLOSED_V4: tuple[tuple[str, ipaddress.IPv4Network], ...] = tuple(
    (what, ipaddress.IPv4Network(network))
    for what, network in (
        ("this network", "0.0.0.0/8"),
        ("private", "10.0.0.0/8"),
        ("shared by a carrier (CGNAT)", "100.64.0.0/10"),
        ("loopback", "127.0.0.0/8"),
        ("link-local", "169.254.0.0/16"),
        ("private", "172.16.0.0/12"),
        ("for protocols", "192.0.0.0/24"),
        ("for documentation", "192.0.2.0/24"),
        ("a 6to4 relay", "192.88.99.0/24"),
        ("private", "192.168.0.0/16"),
        ("for benchmarks", "198.18.0.0/15"),
        ("for documentation", "198.51.100.0/24"),
        ("for documentation", "203.0.113.0/24"),
        ("multicast", "224.0.0.0/4"),
        ("reserved", "240.0.0.0/4"),
    )
)
_CLOSED_V6: tuple[tuple[str, ipaddress.IPv6Network], ...] = tuple(
    (what, ipaddress.IPv6Network(network))
    for what, network in (
        ("loopback", "::1/128"),
        ("unspecified", "::/128"),
        ("translated (NAT64 of this network)", "64:ff9b:1::/48"),
        ("link-local", "fe80::/10"),
        ("private", "fc00::/7"),
        ("multicast", "ff00::/8"),
        ("Teredo", "2001::/32"),
        ("for protocols", "2001::/23"),
        ("for documentation", "2001:db8::/32"),
        ("6to4", "2002::/16"),
        ("for documentation", "3fff::/20"),
    )
)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_V4_COMPATIBLE = ipaddress.IPv6Network("::/96")
_V4_TRANSLATED = ipaddress.IPv6Network("::ffff:0:0:0/96")  # RFC 2765; not the mapped ::ffff:0:0/96
# The second half of addresses of ISATAP (RFC 5214): 0000:5efe or 0200:5efe, then one of IPv4.
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
# Where machines of clouds get their credentials. No allow-list opens these.
_METADATA: frozenset[Address] = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # nearly all clouds
        "169.254.170.2",  # containers on AWS
        "169.254.170.23",
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure: in the middle of public addresses
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",  # Google, IPv6
        "fd00:42::42",  # Scaleway
        "fd00:c1::a9fe:a9fe",  # Oracle, IPv6
    )
)


@dataclass(frozen=True, slots=True)
class AllowedPlaces:
    """What an administrator opens for calls out although it is inside.

    Attributes:
        hosts: Names with a port, or with None for all ports.
        networks: Addresses, whatever the name that leads to them.
    """

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[Network, ...] = ()

    def has_host(self, host: str, port: int) -> bool:
        """Return whether this name is opened on this port."""
        return (host, None) in self.hosts or (host, port) in self.hosts

    def has_address(self, address: Address) -> bool:
        """Return whether this address is opened."""
        return any(address in network for network in self.networks)


def parse_allowed(entries: Iterable[str]) -> AllowedPlaces:
    """Return what entries such as `tracker.lan`, `tracker.lan:8443` and `10.1.0.0/16` open.

    Raises:
        ValueError: An entry is none of these, or opens everything.
    """
    hosts: set[tuple[str, int | None]] = set()
    networks: list[Network] = []
    for entry in (text.strip().lower() for text in entries):
        network = _parse_network(entry)
        if network is not None:
            if network.prefixlen == 0:
                raise ValueError(f"{entry!r} would open every address")
            networks.append(network)
            continue
        host, colon, port_text = entry.partition(":")
        if not is_host_name(host) or (colon and not _is_port(port_text)):
            raise ValueError(f"{entry!r} is neither host, host:port, address nor network")
        hosts.add((host.rstrip("."), int(port_text) if colon else None))
    return AllowedPlaces(hosts=frozenset(hosts), networks=tuple(networks))


def why_closed(address: Address, *, allowed: AllowedPlaces, host_allowed: bool) -> str | None:
    """Return why an address must not be called, or None where it may.

    Args:
        address: What will be connected to.
        allowed: What an administrator opened.
        host_allowed: Whether the name that led here is opened.
    """
    inner = _embedded_v4(address)
    if address in _METADATA or inner in _METADATA:
        return "a cloud's metadata"
    if host_allowed or allowed.has_address(address):
        return None
    if inner is not None:
        # Allowed as IPv4 is not allowed through a translator: it would be another machine's word.
        return _why_closed_v4(inner)
    if isinstance(address, ipaddress.IPv4Address):
        return _why_closed_v4(address)
    return _why_closed_v6(address)


def is_host_name(text: str) -> bool:
    """Return whether a text is a name in ASCII, not a number in disguise.

    As browsers have it (WHATWG URL, "ends in a number"): a last part in digits or with 0x makes it
    an address, which resolvers read as octal, hexadecimal or one large number.
    """
    labels = text.removesuffix(".").split(".")
    if len(text) > _LONGEST_HOST or not all(0 < len(label) <= 63 for label in labels):
        return False
    if not all(c.isascii() and (c.isalnum() or c in "-_") for label in labels for c in label):
        return False
    last = labels[-1].lower()
    return not (last.isdigit() or last.startswith("0x"))


def _why_closed_v4(address: ipaddress.IPv4Address) -> str | None:
    return next((what for what, network in _CLOSED_V4 if address in network), None)


def _why_closed_v6(address: ipaddress.IPv6Address) -> str | None:
    if address.scope_id is not None:
        return "of one interface (zone)"
    closed = next((what for what, network in _CLOSED_V6 if address in network), None)
    return closed or (None if address in _GLOBAL_V6 else "not a global address")


def _embedded_v4(address: Address) -> ipaddress.IPv4Address | None:
    """Return the address of IPv4 that a machine on the way would take this one for."""
    if isinstance(address, ipaddress.IPv4Address) or address.scope_id is not None:
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    number = int(address)
    in_the_last_bits = (
        address in _NAT64
        or address in _V4_TRANSLATED
        or (address in _V4_COMPATIBLE and number > 1)
        or (number >> 32) & 0xFFFFFFFF in _ISATAP
    )
    return ipaddress.IPv4Address(number & 0xFFFFFFFF) if in_the_last_bits else None


def _parse_network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) < 65536
