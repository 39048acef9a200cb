"""The hosts that a sandbox may connect to."""

import pytest

from polytomic_mcp import create_sandbox
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.sandbox.data.servers.hosts import LOOPBACK, AllowedHosts, is_reserved


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_is_always_allowed(host: str) -> None:
    assert LOOPBACK.allows(host, 1)


@pytest.mark.parametrize(
    "host", ["", "db.acme.com", "10.0.0.1", "localhost.evil.com", "localhost,db", "/var/run"]
)
def test_other_hosts_are_allowed_only_if_the_user_names_them(host: str) -> None:
    assert not LOOPBACK.allows(host, 5432)


@pytest.mark.parametrize(
    ("text", "host", "ports"),
    [
        ("db.acme.com", "DB.acme.com", {1, 5432}),
        ("DB.acme.com:5432", "db.acme.com", {5432}),
        ("fd00::1", "fd00::1", {1, 5432}),
        ("[fd00::1]", "fd00::1", {1, 5432}),
        ("[fd00::1]:5432", "fd00::1", {5432}),
    ],
)
def test_a_host_is_allowed_with_all_its_ports_or_with_one(text: str, host: str, ports: set[int]) -> None:
    hosts = AllowedHosts.of([text])

    assert {port for port in (1, 5432) if hosts.allows(host, port)} == ports
    assert not hosts.allows("other", 5432)


@pytest.mark.parametrize(
    "text", ["", "https://db", "db:", "db:http", "db:0", "db:65536", "ada@db", "a b", "a,b"]
)
def test_an_invalid_host_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ConfigurationError, match="Write HOST or HOST:PORT"):
        create_sandbox(allowed_hosts=[text])


def test_hosts_in_domains_for_examples_are_reserved() -> None:
    assert is_reserved("db.acme.example")
    assert is_reserved("db.Example.com")
    assert not is_reserved("db.acme.com")
