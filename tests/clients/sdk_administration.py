"""What the vendor's Python SDK 1.0.0 does with organizations, users, webhooks, roles and policies."""

from sdk_witness import Witness, made


class Administration:
    """The methods of the caller's own and another organization."""

    def __init__(self, api: Witness) -> None:
        self.api = api

    def travel(self) -> str:
        """Call everything, and return the id of the caller's organization."""
        api = self.api
        me = api(
            "identity.get",
            expect={
                "data": {"is_user": True, "is_organization": False, "is_partner": False, "role": "admin"}
            },
        )["data"]
        name = {"data": {"name": "Branch"}}
        branch = api("organization.create", name="Branch", expect=name)["data"]
        api("organization.get", branch["id"], expect={"data": {"id": branch["id"], "name": "Branch"}})
        api("organization.list", expect={"data": [{"id": me["organization_id"]}, branch]})
        renamed = {"data": {"id": branch["id"], "name": "Office"}}
        api("organization.update", branch["id"], name="Office", expect=renamed)
        self.users(branch["id"])
        self.webhook(branch["id"])
        api("organization.remove", branch["id"], expect=None)
        self.permissions()
        return str(me["organization_id"])

    def users(self, org: str) -> None:
        api, eve = self.api, {"email": "eve@acme.example", "role": "user", "organization_id": org}
        made = api("users.create", org, email=eve["email"], role="user", expect={"data": eve | {"id": str}})[
            "data"
        ]
        api("users.get", made["id"], org, expect={"data": made})
        api("users.list", org, expect={"data": [made]})
        admin = {"data": made | {"role": "admin", "role_ids": [...]}}
        api("users.update", made["id"], org, email=eve["email"], role="admin", expect=admin)
        api("users.create_api_key", org, made["id"], force=True, expect={"data": {"value": str}})
        api("users.remove", made["id"], org, expect={"data": {"id": made["id"]}})

    def webhook(self, org: str) -> None:
        api, first, second = self.api, "https://hooks.example/one", "https://hooks.example/two"
        hook = {"endpoint": first, "organization_id": org, "id": str}
        request = {"secret": "example-secret", "organization_id": org}
        made = api("webhooks.create", endpoint=first, **request, expect={"data": hook})["data"]
        api("webhooks.get", made["id"], expect={"data": made})
        api("webhooks.list", expect={"data": [made]})
        api(
            "webhooks.update",
            made["id"],
            endpoint=second,
            **request,
            expect={"data": hook | {"endpoint": second}},
        )
        api("webhooks.remove", made["id"], expect=None)

    def permissions(self) -> None:
        api = self.api
        role = {"name": "Readers", "system": False, "id": str, "organization_id": str}
        role = api("permissions.roles.create", name="Readers", expect={"data": role})["data"]
        api("permissions.roles.get", role["id"], expect={"data": role})
        api("permissions.roles.list", expect={"data": [role, {"name": "Admin", "system": True}]})
        renamed = {"data": role | {"name": "Writers"}}
        api("permissions.roles.update", role["id"], name="Writers", expect=renamed)
        actions = [{"action": "create", "role_ids": [role["id"]]}]
        policy = api(
            "permissions.policies.create",
            name="Ours",
            policy_actions=[made("PolicyAction", **actions[0])],
            expect={"data": {"name": "Ours", "policy_actions": actions, "system": False}},
        )["data"]
        api("permissions.policies.get", policy["id"], expect={"data": policy})
        api("permissions.policies.list", expect={"data": [policy]})
        renamed = {"data": {"id": policy["id"], "name": "Theirs"}}
        api("permissions.policies.update", policy["id"], name="Theirs", policy_actions=[], expect=renamed)
        api("permissions.policies.remove", policy["id"], expect=None)
        api("permissions.roles.remove", role["id"], expect=None)
