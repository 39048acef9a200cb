"""The official SDK as an independent client of organizations, users, permissions and credentials."""

import httpx
import pytest
from polytomic import AsyncPolytomic, PolicyAction, TemporaryCredentialSubject
from polytomic.core.api_error import ApiError
from starlette.applications import Starlette

EVE = "eve@acme.example"


def signed_in(sandbox: Starlette, token: str) -> AsyncPolytomic:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox))
    return AsyncPolytomic(token=token, base_url="http://sandbox", httpx_client=http)


async def test_the_sdk_creates_an_organization_with_a_working_key(
    api: AsyncPolytomic, sandbox: Starlette
) -> None:
    organization = (await api.organization.create(name="Other", sso_domain="other.example")).data
    assert organization is not None
    assert organization.id is not None
    user = (await api.users.create(organization.id, email=EVE, role="admin")).data
    assert user is not None
    assert user.id is not None

    key = (await api.users.create_api_key(organization.id, user.id, force=True)).data
    assert key is not None
    assert key.value is not None
    me = (await signed_in(sandbox, key.value).identity.get()).data

    assert me is not None
    assert (me.email, me.organization_name, me.role) == (EVE, "Other", "admin")


async def test_the_sdk_manages_an_organization(api: AsyncPolytomic) -> None:
    own = (await api.organization.get_current()).data
    made = (await api.organization.create(name="Other")).data
    assert made is not None
    assert made.id is not None
    assert (await api.organization.list()).data == [own, made]
    assert (await api.organization.get(made.id)).data == made

    updated = (await api.organization.update(made.id, name="Another", issuer="https://id.example")).data
    assert updated is not None
    assert (updated.name, updated.issuer) == ("Another", "https://id.example")
    entity = (await api.entities.get_for_partner(made.id)).data
    assert entity is not None
    assert entity.type == "organization"

    await api.organization.delete(made.id)
    assert (await api.organization.list()).data == [own]


async def test_the_sdk_switches_record_logging(api: AsyncPolytomic, warehouse: str) -> None:
    changed = await api.organization.update_record_logging(enabled=False, delivery_connection_id=warehouse)

    assert changed == await api.organization.get_record_logging()
    assert changed.data is not None
    assert changed.data.delivery_connection_name == "Warehouse"


async def test_the_sdk_manages_a_user_of_its_own_organization(
    api: AsyncPolytomic,
) -> None:
    created = (await api.users.create_current_org_user(email=EVE)).data
    assert created is not None
    assert created.id is not None
    assert [user.email for user in (await api.users.list_current_org_users()).data or []][1:] == [EVE]

    updated = (await api.users.update_current_org_user(created.id, role="admin")).data
    assert updated is not None
    assert updated.role == "admin"
    read = (await api.users.get_current_org_user(created.id)).data
    assert read is not None
    assert (read.role_ids, read.harbor_only) == (updated.role_ids, False)

    assert (await api.users.delete_current_org_user(created.id)).data == updated


async def test_the_sdk_manages_a_user_of_any_organization(api: AsyncPolytomic) -> None:
    own = (await api.organization.get_current()).data
    assert own is not None
    assert own.id is not None
    created = (await api.users.create(own.id, email=EVE)).data
    assert created is not None
    assert created.id is not None

    updated = (await api.users.update(own.id, created.id, email="eva@acme.example")).data
    assert (await api.users.get(own.id, created.id)).data == updated
    assert (await api.users.list(own.id)).data is not None
    assert (await api.users.delete(own.id, created.id)).data == updated
    entity = (await api.entities.get(own.id)).data
    assert entity is not None
    assert entity.id == own.id


async def test_the_sdk_manages_roles_and_policies(api: AsyncPolytomic) -> None:
    role = (await api.permissions.roles.create(name="Analyst")).data
    assert role is not None
    assert role.id is not None
    renamed = (await api.permissions.roles.update(role.id, name="Reader")).data
    assert (await api.permissions.roles.get(role.id)).data == renamed
    assert [each.name for each in (await api.permissions.roles.list()).data or []] == [
        "Admin",
        "Member",
        "Reader",
    ]

    actions = [PolicyAction(action="create", role_ids=[role.id])]
    policy = (await api.permissions.policies.create(name="P", policy_actions=actions)).data
    assert policy is not None
    assert policy.id is not None
    assert policy.policy_actions == actions
    replaced = (await api.permissions.policies.update(policy.id, name="Q")).data
    assert (await api.permissions.policies.get(policy.id)).data == replaced
    assert (await api.permissions.policies.list()).data == [replaced]

    await api.permissions.policies.delete(policy.id)
    await api.permissions.roles.delete(role.id)
    assert len((await api.permissions.roles.list()).data or []) == 2


async def test_the_sdk_creates_a_read_only_credential(api: AsyncPolytomic, sandbox: Starlette) -> None:
    subject = TemporaryCredentialSubject(type="user", mode="read_only")
    created = (await api.temporary_credentials.create(subject=subject, session_name="look")).data
    assert created is not None
    assert created.access_token is not None
    reader = signed_in(sandbox, created.access_token)

    assert (await reader.connections.list()).data == []
    with pytest.raises(ApiError) as refusal:
        await reader.permissions.roles.create(name="R")
    assert refusal.value.status_code == 403
