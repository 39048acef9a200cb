"""Bulk syncs, as the provider manages them; it keeps the schemas and fields that a configuration names."""

from typing import Any

import pytest

from tests.conformance.terraform.conftest import POSTGRESQL
from tests.conformance.terraform.replay import (
    COMPUTED,
    PLAIN,
    Api,
    Json,
    Nested,
    Resource,
    destroy,
    import_,
    live,
    require_no_drift,
)

LIMITS = ("concurrency_limit", "resync_concurrency_limit")
DISCOVERY = ("automatically_add_new_fields", "automatically_add_new_objects")
OPTIONS = ("active", "mode", "disable_record_timestamps", "normalize_names", *LIMITS)
SCHEDULE = ("frequency", "day_of_week", "hour", "minute", "month", "day_of_month")
FIELD = ("enabled", "obfuscate", "output_name", "user_output_name")
SCHEMA = (
    "enabled",
    "partition_key",
    "tracking_field",
    "output_name",
    "user_output_name",
    "disable_data_cutoff",
)
USERS = "public.users"


def body(config: Json, state: Json | None) -> Json:
    """Return what the provider sends: limits and discovery always, schemas only if there are any."""
    del state
    schemas = [
        {name: value for name, value in each.items() if value is not None}
        for each in config.get("schemas") or ()
    ]
    optional = {name: config.get(name) for name in ("policies", "data_cutoff_timestamp", "normalize_names")}
    return {
        "name": config["name"],
        "active": config["active"],
        "mode": config["mode"],
        "source_connection_id": config["source"],
        "destination_connection_id": config["destination"],
        "destination_configuration": {"schema": "copies"},
        "schedule": config["schedule"],
        **{name: config.get(name, 0) for name in LIMITS},
        **{name: config.get(name, "none") for name in DISCOVERY},
        **{name: value for name, value in optional.items() if value is not None},
        **({"disable_record_timestamps": True} if config.get("disable_record_timestamps") else {}),
        **({"schemas": schemas} if schemas else {}),
    }


def merged(given: Json, shown: Json, names: tuple[str, ...]) -> Json:
    """Return an object of a configuration, completed by what the answer has."""
    known = shown | {"obfuscate": shown.get("obfuscated")}
    return {name: known.get(name) if given.get(name) is None else given[name] for name in names}


def schemas_of(answer: list[Json], before: Json) -> list[Json]:
    by_id = {each["id"]: each for each in answer}
    found: list[Json] = []
    for given in before.get("schemas") or ():
        shown = by_id[given["id"]]
        fields = {each["id"]: each for each in shown.get("fields") or ()}
        kept = [
            {"id": each["id"], **merged(each, fields.get(each["id"], {}), FIELD)}
            for each in given.get("fields") or ()
        ]
        filters = given.get("filters") or shown.get("filters") or None
        schema = {"id": given["id"], **merged(given, shown, SCHEMA)}
        found.append(schema | {"fields": kept, "filters": filters})
    return found


def state_of(answer: Json, before: Json) -> Json:
    return {
        "id": answer["id"],
        "organization": answer["organization_id"],
        "name": answer["name"],
        **{name: answer.get(name) for name in (*OPTIONS, *DISCOVERY)},
        "source": answer["source_connection_id"],
        "destination": answer["destination_connection_id"],
        "schedule": {name: answer["schedule"].get(name) for name in SCHEDULE},
        "policies": answer["policies"],
        "data_cutoff_timestamp": answer.get("data_cutoff_timestamp"),
        "schemas": schemas_of(answer["_schemas"], before),
        "created_at": answer["created_at"],
    }


class WithSchemas(Api):
    """The calls of the provider: each answer is completed by a list of the schemas."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def call(self, method: str, path: str, body: Json | None = None) -> Any:
        answer = await self._api.call(method, path, body)
        if not isinstance(answer, dict) or not path.startswith("/api/bulk/syncs"):
            return answer
        schemas = await self._api.call("GET", f"/api/bulk/syncs/{answer['id']}/schemas")
        return answer | {"_schemas": schemas}


BULK_SYNC = Resource(
    path="/api/bulk/syncs",
    attributes={
        **dict.fromkeys(("name", "active", "mode", "source", "destination", "data_cutoff_timestamp"), PLAIN),
        **dict.fromkeys((*LIMITS, *DISCOVERY, "normalize_names", "disable_record_timestamps"), COMPUTED),
        "policies": COMPUTED,
        "schedule": Nested(dict.fromkeys(SCHEDULE, COMPUTED)),
        "schemas": Nested(
            {
                "id": COMPUTED,
                **dict.fromkeys(SCHEMA, COMPUTED),
                "fields": Nested({"id": COMPUTED, **dict.fromkeys(FIELD, COMPUTED)}, is_set=True),
                "filters": COMPUTED,
            },
            is_set=True,
        ),
    },
    body=body,
    state=state_of,
    ignored=frozenset({"schemas"}),
)


@pytest.fixture
async def basic(api: Api, postgresql: str) -> Json:
    made = {"name": "Destination", "type": "postgresql", "configuration": POSTGRESQL, "validate": False}
    destination = await api.call("POST", "/api/connections", made)
    return {
        "name": "Everything",
        "active": True,
        "mode": "replicate",
        "source": postgresql,
        "destination": destination["id"],
        "schedule": {"frequency": "manual"},
    }


@pytest.fixture
def provider(api: Api) -> Api:
    return WithSchemas(api)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {
            "active": False,
            "automatically_add_new_objects": "all",
            "automatically_add_new_fields": "onlyIncremental",
        },
        {"concurrency_limit": 2, "resync_concurrency_limit": 3, "normalize_names": "enabled"},
        {"concurrency_limit": 0, "resync_concurrency_limit": -1, "normalize_names": "disabled"},
        {"disable_record_timestamps": True},
        {"schedule": {"frequency": "daily", "hour": "10", "minute": "30"}},
        {"schemas": [{"id": USERS, "enabled": True}]},
        {"schemas": [{"id": USERS, "enabled": True}, {"id": "public.accounts", "enabled": True}]},
        {"schemas": [{"id": USERS, "fields": [{"id": "email", "enabled": True, "obfuscate": False}]}]},
        {"schemas": [{"id": USERS, "filters": [{"field_id": "email", "function": "IsNotNull"}]}]},
        {"schemas": [{"id": USERS, "tracking_field": "user_id", "partition_key": "email"}]},
    ],
)
async def test_a_bulk_sync_lives_without_drift(provider: Api, basic: Json, more: Json) -> None:
    await live(provider, BULK_SYNC, {**basic, **more}, {**basic, "active": False}, {**basic, **more})


async def test_a_bulk_sync_that_is_active_is_imported_as_it_is(provider: Api, basic: Json) -> None:
    made = state_of(await provider.call("POST", BULK_SYNC.path, body(basic, None)), basic)
    read = state_of(await provider.call("GET", BULK_SYNC.at(made)), made)

    require_no_drift(BULK_SYNC, basic, made, read)
    await import_(provider, BULK_SYNC, made)
    await destroy(provider, BULK_SYNC, made)


@pytest.mark.parametrize("mode", ["snapshot", "append"])
async def test_postgresql_offers_this_version_only_to_replicate(api: Api, basic: Json, mode: str) -> None:
    target = await api.call("GET", f"/api/connections/{basic['destination']}/bulksync/target")

    assert [each["id"] for each in target["modes"]] == ["replicate"]
    with pytest.raises(AssertionError, match=f"does not support mode '{mode}'"):
        await api.call("POST", BULK_SYNC.path, body({**basic, "mode": mode}, None))
