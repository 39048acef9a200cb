"""``--allow-host``, wherever a sandbox can be started."""

import argparse

import pytest

from polytomic_mcp.cli.shared.options import SandboxOptions, add_sandbox_options, refuse_sandbox_options
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.settings import Settings

WORDS = ["--allow-host=db.acme.com:5432", "--allow-host=hooks.acme.com"]


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_sandbox_options(parser)
    return parser.parse_args(words)


def test_hosts_reach_the_sandbox_and_the_words_that_start_it_again() -> None:
    options = SandboxOptions.of(parse(*WORDS), Settings())
    app = options.app("key")
    servers = app.state.workspace.servers
    app.state.workspace.close()

    assert options.words() == WORDS
    assert servers.is_real("postgresql", {"hostname": "db.acme.com", "port": 5432})
    assert servers.is_real("webhook", {"url": "https://hooks.acme.com/new"})
    assert not servers.is_real("postgresql", {"hostname": "db.acme.com", "port": 5433})


def test_hosts_are_refused_where_no_sandbox_is_wanted() -> None:
    with pytest.raises(ConfigurationError, match="--allow-host works only with the sandbox"):
        refuse_sandbox_options(parse(*WORDS))
