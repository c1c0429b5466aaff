import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.access.addresses import AllowedPlaces, is_host_name, parse_allowed, why_closed

NOTHING = AllowedPlaces()


def is_open(text: str, *, allowed: AllowedPlaces = NOTHING, host_allowed: bool = False) -> bool:
    address = ipaddress.ip_address(text)
    return why_closed(address, allowed=allowed, host_allowed=host_allowed) is None


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1"]
)
def test_public_addresses_are_open(text: str) -> None:
    assert is_open(text)


def test_public_addresses_of_ipv6_are_open() -> None:
    assert is_open("2606:4700::1111")
    assert is_open("64:ff9b::808:808")  # 8.8.8.8 as networks without IPv4 write it


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1111%1",
        "fc00::1",
        "fd12::1",
        "fec0::1",
        "ff02::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:808:808::1",
        "64:ff9b:1::808:808",
    ],
)
def test_addresses_of_the_inside_are_closed(text: str) -> None:
    assert not is_open(text)


@pytest.mark.parametrize("inner", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1"])
@pytest.mark.parametrize(
    "pattern",
    [
        "::ffff:{0}",
        "::ffff:0:{0}",
        "::{0}",
        "64:ff9b::{0}",
        "2606:4700::5efe:{0}",
        "2606:4700::200:5efe:{0}",
    ],
)
def test_ipv4_inside_ipv6_is_seen_through(pattern: str, inner: str) -> None:
    assert not is_open(pattern.format(inner))


@given(st.ip_addresses(v=4))
def test_what_python_calls_not_global_is_closed(address: ipaddress.IPv4Address) -> None:
    if not address.is_global:
        assert not is_open(str(address))


@given(
    st.sampled_from(
        ["10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]
    ).flatmap(lambda network: st.ip_addresses(v=4, network=network))
)
def test_private_addresses_are_closed_in_every_dress(address: ipaddress.IPv4Address) -> None:
    for text in (f"{address}", f"::ffff:{address}", f"64:ff9b::{address}", f"::ffff:0:{address}"):
        assert not is_open(text)


@given(st.ip_addresses(v=6))
def test_what_python_calls_not_global_is_closed_in_ipv6(address: ipaddress.IPv6Address) -> None:
    if not address.is_global and address.ipv4_mapped is None:
        assert not is_open(str(address)) or address in ipaddress.ip_network("64:ff9b::/96")


@pytest.mark.parametrize(
    "text",
    [
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
    ],
)
def test_nothing_opens_the_metadata_of_clouds(text: str) -> None:
    everything_inside = parse_allowed(
        ["169.254.0.0/16", "100.64.0.0/10", "168.0.0.0/8", "fd00::/8"]
    )

    assert not is_open(text, allowed=everything_inside)
    assert not is_open(text, host_allowed=True)


def test_an_administrator_opens_networks_and_hosts() -> None:
    allowed = parse_allowed(["10.1.0.0/16", "192.168.7.9", "Tracker.LAN", "wiki.lan:8443"])

    assert is_open("10.1.2.3", allowed=allowed)
    assert is_open("192.168.7.9", allowed=allowed)
    assert not is_open("10.2.0.1", allowed=allowed)
    assert not is_open("192.168.7.8", allowed=allowed)
    assert allowed.has_host("tracker.lan", 1234)
    assert allowed.has_host("wiki.lan", 8443)
    assert not allowed.has_host("wiki.lan", 443)
    assert not allowed.has_host("evil-tracker.lan", 443)
    assert not allowed.has_host("tracker.lan.evil.example", 443)


def test_an_opened_network_is_not_opened_through_a_translator() -> None:
    allowed = parse_allowed(["10.0.0.0/8"])

    assert not is_open("64:ff9b::10.0.0.1", allowed=allowed)


@pytest.mark.parametrize(
    "entry", ["", "0.0.0.0/0", "::/0", "*", "*.lan", "http://x", "a b", "host:", "host:99999", "10"]
)
def test_entries_that_open_too_much_or_mean_nothing_are_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"neither|every"):
        parse_allowed([entry])


@pytest.mark.parametrize("text", ["example.com", "a-b.c_d.example.", "xn--fiqs8s.cn", "1.example"])
def test_names(text: str) -> None:
    assert is_host_name(text)


@pytest.mark.parametrize(
    "text",
    ["", ".", "a..b", "2130706433", "0x7f.1", "127.1", "a.0x7f", "é.com", "a b", "a" * 64 + ".com"],
)
def test_no_names(text: str) -> None:
    assert not is_host_name(text)
