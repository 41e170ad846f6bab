import socket

import pytest

from bot.errors import FetchError
from bot.ingest.addresses import Guard, RefusedAddressError, completed, is_public
from bot.messages import catalogue


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "ff02::1",
        "2001:db8::1",
        "nonsense",
    ],
)
def test_what_is_not_on_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)
def test_public_addresses_pass_also_when_embedded(address: str) -> None:
    assert is_public(address)


@pytest.mark.fault("F37")
@pytest.mark.parametrize(
    "spelling", ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "127.0.0.1"]
)
def test_odd_spellings_are_judged_by_what_the_system_resolves_them_to(spelling: str) -> None:
    infos = socket.getaddrinfo(spelling, 80, type=socket.SOCK_STREAM)
    for info in infos:
        with pytest.raises(RefusedAddressError):
            Guard().socket_factory(info)


def test_allowing_private_lifts_addresses_and_ports() -> None:
    guard = Guard(allow_private=True)
    [info, *_] = socket.getaddrinfo("127.0.0.1", 9999, type=socket.SOCK_STREAM)
    guard.socket_factory(info).close()
    assert guard.checked("http://127.0.0.1:9999/feed").port == 9999


@pytest.mark.parametrize("allow_private", [False, True])
@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("file:///etc/passwd", "ingest.fetch_scheme"),
        ("ftp://example.org/feed", "ingest.fetch_scheme"),
        ("javascript:alert(1)", "ingest.fetch_scheme"),
        ("http://user:secret@example.org/", "ingest.fetch_userinfo"),
        ("http://user@example.org/", "ingest.fetch_userinfo"),
        ("http:///feed", "ingest.fetch_address"),
        ("http://example.org:99999/", "ingest.fetch_address"),
        ("http://[::1/", "ingest.fetch_address"),
        ("http://example.org/" + "a" * 5000, "ingest.fetch_address"),
    ],
)
def test_schemes_and_userinfo_hold_whether_or_not_private_is_allowed(
    address: str, key: str, allow_private: bool
) -> None:
    with pytest.raises(FetchError) as caught:
        Guard(allow_private).checked(address)
    assert caught.value.key == key
    sentence = catalogue().say(key, **caught.value.params)
    assert "secret" not in sentence


@pytest.mark.parametrize("port", [22, 25, 6379, 11211])
def test_ports_of_other_services_are_refused(port: int) -> None:
    with pytest.raises(FetchError) as caught:
        Guard().checked(f"http://example.org:{port}/")
    assert caught.value.key == "ingest.fetch_port"


def test_a_path_is_asked_for_exactly_as_it_is_written() -> None:
    assert str(Guard().checked("https://example.org/%7Ea/b%2Fc?q=%C3%A9+x#part")) == (
        "https://example.org/%7Ea/b%2Fc?q=%C3%A9+x"
    )


def test_line_breaks_in_an_address_cannot_reach_the_request() -> None:
    url = Guard().checked("http://example.org/a\r\nX-Bad: 1")
    assert "\r" not in str(url)
    assert "\n" not in str(url)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("example.org/feed", "https://example.org/feed"),
        (" example.org ", "https://example.org"),
        ("localhost:8080/feed", "https://localhost:8080/feed"),
        ("feed://example.org/rss", "http://example.org/rss"),
        ("feed:https://example.org/rss", "https://example.org/rss"),
        ("//example.org/rss", "https://example.org/rss"),
        ("HTTP://example.org", "HTTP://example.org"),
        ("<https://example.org/feed>", "https://example.org/feed"),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_a_typed_address_is_completed(typed: str, address: str) -> None:
    assert completed(typed) == address
