"""How settings are read from the environment."""

import pytest

from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.settings import DEFAULT_TOOLSETS, TOOLSETS, VARIABLES, Secret, Settings


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_environ({})

    assert settings == Settings()
    assert settings.api_key is None
    assert settings.api_url == "https://app.polytomic.com"
    assert settings.api_version == "2025-09-18"
    assert settings.access_mode == "full-access"
    assert settings.auth_mode == "user"
    assert settings.toolsets == DEFAULT_TOOLSETS


def test_every_variable_is_read() -> None:
    environ = {
        "POLYTOMIC_API_KEY": "key",
        "POLYTOMIC_API_URL": "https://polytomic.example/prefix",
        "POLYTOMIC_API_VERSION": "2024-02-08",
        "POLYTOMIC_ACCESS_MODE": "read-only",
        "POLYTOMIC_TOOLSETS": "syncs",
        "POLYTOMIC_TOOLS_ALLOW": "run_query",
        "POLYTOMIC_TOOLS_DENY": "delete_sync, cancel_sync",
        "POLYTOMIC_AUTH_MODE": "partner",
        "POLYTOMIC_ORGANIZATION_ID": "org",
        "POLYTOMIC_CALL_SECONDS": "20",
        "POLYTOMIC_SANDBOX_STATE": "box.db",
    }

    settings = Settings.from_environ(environ)

    assert [variable.name for variable in VARIABLES] == list(environ)
    assert settings == Settings(
        api_key=Secret("key"),
        api_url="https://polytomic.example/prefix",
        api_version="2024-02-08",
        access_mode="read-only",
        auth_mode="partner",
        organization_id="org",
        toolsets=("syncs",),
        tools_allow=frozenset({"run_query"}),
        tools_deny=frozenset({"delete_sync", "cancel_sync"}),
        call_seconds=20.0,
        sandbox_state="box.db",
    )


def test_the_documented_defaults_are_the_defaults() -> None:
    environ = {variable.name: variable.default for variable in VARIABLES if variable.default}

    assert Settings.from_environ(environ) == Settings()


def test_an_empty_or_blank_variable_counts_as_absent() -> None:
    blank = {"POLYTOMIC_API_KEY": "", "POLYTOMIC_ACCESS_MODE": " ", "POLYTOMIC_TOOLSETS": "\t"}

    assert Settings.from_environ(blank) == Settings()


def test_spaces_around_a_value_are_ignored() -> None:
    settings = Settings.from_environ({"POLYTOMIC_API_KEY": " key\n", "POLYTOMIC_ACCESS_MODE": " Read-Only "})

    assert settings.api_key == "key"
    assert settings.access_mode == "read-only"


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("POLYTOMIC_ACCESS_MODE", "readonly", "Valid values: read-only, full-access."),
        ("POLYTOMIC_CALL_SECONDS", "soon", "'soon' is not a number of seconds from 1 to 3600."),
        ("POLYTOMIC_CALL_SECONDS", "0", "is not a number of seconds from 1 to 3600."),
        ("POLYTOMIC_CALL_SECONDS", "-45", "is not a number of seconds from 1 to 3600."),
        ("POLYTOMIC_CALL_SECONDS", "nan", "is not a number of seconds from 1 to 3600."),
        ("POLYTOMIC_CALL_SECONDS", "inf", "is not a number of seconds from 1 to 3600."),
        ("POLYTOMIC_CALL_SECONDS", "3601", "Set it to a number such as 45, or unset it."),
        ("POLYTOMIC_AUTH_MODE", "admin", "Valid values: user, partner, deployment."),
        (
            "POLYTOMIC_TOOLSETS",
            "syncs,sinks",
            "Did you mean 'syncs'? Valid values: syncs, connections, models, operations, queries",
        ),
        ("POLYTOMIC_TOOLSETS", "queries,defaults", "Did you mean 'default'? Valid values: default, "),
        ("POLYTOMIC_TOOLSETS", "everything", "administration, default, all."),
    ],
)
def test_an_invalid_value_is_refused_with_the_valid_ones(name: str, value: str, named: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environ({name: value})

    assert name in str(refused.value)
    assert value.rpartition(",")[2] in str(refused.value)
    assert named in str(refused.value)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("syncs, connections", ("connections", "syncs")),
        ("Models,", ("models",)),
        ("all", TOOLSETS),
        ("syncs,all", TOOLSETS),
        (",", DEFAULT_TOOLSETS),
        ("default", DEFAULT_TOOLSETS),
        (" Default , QUERIES,queries, syncs", (*DEFAULT_TOOLSETS, "queries")),
        ("default,all", TOOLSETS),
        ("\"default\", 'queries'", (*DEFAULT_TOOLSETS, "queries")),
    ],
)
def test_toolsets_are_in_a_fixed_order(text: str, names: tuple[str, ...]) -> None:
    assert Settings.from_environ({"POLYTOMIC_TOOLSETS": text}).toolsets == names


def test_tools_allowed_without_toolsets_are_the_only_ones() -> None:
    settings = Settings.from_environ({"POLYTOMIC_TOOLS_ALLOW": "Run_Query"})

    assert (settings.toolsets, settings.tools_allow) == ((), {"run_query"})


def test_a_key_is_in_no_repr() -> None:
    settings = Settings.from_environ({"POLYTOMIC_API_KEY": "s3cret"})

    assert "s3cret" not in repr(settings)
    assert "s3cret" not in f"{settings!s} {settings.api_key!r}"
    assert str(settings.api_key) == "s3cret"


@pytest.mark.parametrize("variable", [variable.name for variable in VARIABLES])
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("${user_config.api_key}", "${user_config.api_key}"),
        (" ${input:key}\n", "${input:key}"),
        ("'${X}'", "${X}"),
        ("${}", "${}"),
        ("${X:-}", "${X:-}"),
        ("${X:-s3cret}", "${X:-…}"),
        ('"${X}', "${X}"),
    ],
)
def test_a_placeholder_counts_as_unset_and_is_named(variable: str, value: str, shown: str) -> None:
    settings = Settings.from_environ({variable: value})

    assert settings == Settings()
    assert list(settings.warnings()) == [
        f"{variable} is '{shown}': the host did not substitute it. It counts as unset."
    ]
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "no_proxy", "All_Proxy"])
def test_a_placeholder_of_a_proxy_is_named_too(variable: str) -> None:
    settings = Settings.from_environ({variable: "${X}", "OTHER": "${X}", "http_proxy": "http://proxy"})

    assert list(settings.unset) == [variable]


@pytest.mark.parametrize("value", ["$KEY", "{KEY}", "${KEY", "a${KEY}"])
def test_what_only_resembles_a_placeholder_is_a_value(value: str) -> None:
    assert Settings.from_environ({"POLYTOMIC_SANDBOX_STATE": value}).sandbox_state == value


@pytest.mark.parametrize(
    "key",
    [
        '"abc"',
        "'abc'",
        " `abc`\r\n",
        "\u201cabc\u201d",
        '"abc',
        "\ufeffabc",
        "Bearer abc",
        "bearer  'abc'",
        '"Authorization: Bearer abc"',
    ],
)
def test_what_is_copied_along_with_a_key_is_removed(key: str) -> None:
    assert Settings.from_environ({"POLYTOMIC_API_KEY": key}).api_key == "abc"


@pytest.mark.parametrize("key", ["", '""', "''", " ", "Bearer ''"])
def test_a_key_of_nothing_but_quotation_marks_is_none(key: str) -> None:
    assert Settings.from_environ({"POLYTOMIC_API_KEY": key}).api_key is None


def test_every_value_may_be_in_quotation_marks() -> None:
    environ = {
        "POLYTOMIC_API_URL": '"https://polytomic.example"',
        "POLYTOMIC_API_VERSION": "'2024-02-08'",
        "POLYTOMIC_ACCESS_MODE": "'read-only'",
        "POLYTOMIC_TOOLSETS": '"syncs"',
        "POLYTOMIC_TOOLS_DENY": "'delete_sync','cancel_sync'",
        "POLYTOMIC_AUTH_MODE": '"partner"',
        "POLYTOMIC_ORGANIZATION_ID": "'org'",
        "POLYTOMIC_SANDBOX_STATE": '"my box.db"',
    }

    assert Settings.from_environ(environ) == Settings(
        api_url="https://polytomic.example",
        api_version="2024-02-08",
        access_mode="read-only",
        toolsets=("syncs",),
        tools_deny=frozenset({"delete_sync", "cancel_sync"}),
        auth_mode="partner",
        organization_id="org",
        sandbox_state="my box.db",
    )


def test_a_header_around_a_placeholder_is_no_key() -> None:
    settings = Settings.from_environ({"POLYTOMIC_API_KEY": "Bearer ${POLYTOMIC_API_KEY}"})

    assert settings.api_key is None
    assert settings.unset == {"POLYTOMIC_API_KEY": "${POLYTOMIC_API_KEY}"}
