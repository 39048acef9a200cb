"""Organizations, users, roles, policies and webhooks, as the provider manages them."""

from functools import partial

import pytest

from tests.conformance.terraform.replay import (
    COMPUTED,
    PLAIN,
    Api,
    Json,
    Nested,
    Resource,
    cycle,
    destroy,
    live,
)

ADMIN = "admin"


def sent(names: tuple[str, ...], config: Json, state: Json | None) -> Json:
    """Return the attributes of a configuration that have a value."""
    del state
    return {name: config[name] for name in names if config.get(name) is not None}


def kept(names: tuple[str, ...], answer: Json, before: Json) -> Json:
    del before
    return {name: answer.get(name) for name in ("id", *names)}


def plain(path: str, *names: str) -> Resource:
    attributes = dict.fromkeys(names, PLAIN)
    return Resource(path, attributes, partial(sent, names), partial(kept, names))


ORGANIZATION = plain("/api/organizations", "name", "sso_domain", "sso_org_id", "issuer")
ROLE = plain("/api/permissions/roles", "name")


def policy_state(answer: Json, before: Json) -> Json:
    """Return a policy with those actions only that the configuration has."""
    tracked = {each["action"] for each in before.get("policy_actions") or ()}
    actions = [each for each in answer["policy_actions"] if each["action"] in tracked]
    return kept(("name", "organization_id", "system"), answer, before) | {"policy_actions": actions or None}


POLICY = Resource(
    "/api/permissions/policies",
    {"name": PLAIN, "policy_actions": Nested({"action": PLAIN, "role_ids": COMPUTED}, is_set=True)},
    partial(sent, ("name", "policy_actions")),
    policy_state,
    ignored=frozenset({"policy_actions"}),
)


def user_state(answer: Json, before: Json) -> Json:
    """Return a user, whose address and role are as in the configuration if only their case differs."""
    state = kept(("email", "role", "role_ids", "organization_id"), answer, before)
    for name in ("email", "role"):
        if str(before.get(name)).lower() == str(state[name]).lower():
            state[name] = before[name]
    return state


def users(organization: str) -> Resource:
    return Resource(
        f"/api/organizations/{organization}/users",
        {"email": PLAIN, "role": COMPUTED, "role_ids": COMPUTED},
        partial(sent, ("email", "role", "role_ids")),
        user_state,
        ignored=frozenset({"email"}),
    )


def webhook_state(answer: Json, before: Json) -> Json:
    state = kept(("endpoint", "organization_id", "disabled"), answer, before)
    return state | {"secret": before.get("secret")}


WEBHOOK = Resource(
    "/api/webhooks",
    {"endpoint": PLAIN, "secret": PLAIN},
    partial(sent, ("endpoint", "secret")),
    webhook_state,
    ignored=frozenset({"secret"}),
)


@pytest.fixture
async def organization(api: Api) -> str:
    return (await api.call("GET", "/api/me"))["organization_id"]


async def test_an_organization_lives_without_drift(api: Api) -> None:
    first = {"name": "Elsewhere"}

    await live(api, ORGANIZATION, first, {"name": "Nowhere", "sso_domain": "x.example"}, first)


async def test_a_role_lives_without_drift(api: Api) -> None:
    await live(api, ROLE, {"name": "Analyst"}, {"name": "Reader"})


async def test_a_policy_lives_without_drift(api: Api) -> None:
    role = await cycle(api, ROLE, {"name": "Auditor"})
    actions = [{"action": "create", "role_ids": [role["id"]]}, {"action": "delete", "role_ids": [role["id"]]}]

    await live(api, POLICY, {"name": "P"}, {"name": "P", "policy_actions": actions}, {"name": "Q"})


async def test_a_policy_outlives_its_role_without_drift(api: Api) -> None:
    role = await cycle(api, ROLE, {"name": "Temporary"})
    config = {"name": "R", "policy_actions": [{"action": "create", "role_ids": [role["id"]]}]}
    state = await cycle(api, POLICY, config)

    await destroy(api, ROLE, role)

    renamed = POLICY.state(await api.call("PUT", POLICY.at(state), {**config, "name": "S"}), config)
    assert renamed == state | {"name": "S"}


@pytest.mark.parametrize("role", [{}, {"role": ADMIN}, {"role": "Admin"}])
async def test_a_user_lives_without_drift(api: Api, organization: str, role: Json) -> None:
    config = {"email": "Eve.Moneypenny@Acme.example", **role}

    await live(api, users(organization), config, {"email": config["email"], "role": "user"})


async def test_a_user_with_roles_lives_without_drift(api: Api, organization: str) -> None:
    roles = [each["id"] for each in await api.call("GET", "/api/permissions/roles")][:2]
    config = {"email": "q@acme.example", "role_ids": roles}

    await live(api, users(organization), config, {**config, "role_ids": roles[:1]})


async def test_a_user_is_imported_by_an_address_in_any_case(api: Api, organization: str) -> None:
    state = await cycle(api, users(organization), {"email": "M@Acme.example"})

    listed = await api.call("GET", f"/api/organizations/{organization}/users")

    assert [each["id"] for each in listed if each["email"].lower() == "m@acme.example"] == [state["id"]]


async def test_a_webhook_lives_without_drift(api: Api) -> None:
    config = {"endpoint": "https://hooks.acme.example/one", "secret": "s3cret-s3cret"}

    await live(api, WEBHOOK, config, {**config, "endpoint": "https://hooks.acme.example/two"})


async def test_global_error_subscribers_come_back_as_they_were_sent(api: Api) -> None:
    path = "/api/notifications/global-error-subscribers"

    for emails in (["a@acme.example", "b@acme.example"], []):
        await api.call("PUT", path, {"emails": emails})
        assert await api.call("GET", path) is None  # it has no envelope, so no data
        assert (await api.whole("GET", path))["emails"] == emails
