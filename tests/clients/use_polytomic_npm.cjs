// The vendor's npm SDK 1.18.1 calls each of its 114 methods on a sandbox, as version 2024-02-08 of the API and
// without a version, as the SDK does by default.
const path = require("node:path");
const { PolytomicClient } = require("polytomic");
const { ANY, KEY, Witness, startSandbox } = require("./npm_witness.cjs");

const MANUAL = { frequency: "manual" };
const QUERY = { query: "SELECT 'ada.new@acme.example' AS email, 'New' AS name, 7 AS amount" };
const SNOWFLAKE = { account: "acme", username: "polytomic", password: "example", dbname: "ANALYTICS" };
const HUBSPOT = { oauth_refresh_token: "example", client_id: "example", client_secret: "example" };
const SALESFORCE = { ...HUBSPOT, domain: "https://acme.my.salesforce.com", connect_mode: "api" };
const ENDED = ["completed", "failed", "canceled", "interrupted", "errors", "done", "fresh"];

class Journey {
  constructor(api) {
    this.api = api;
  }

  async travel() {
    await this.administration();
    await this.connections();
    await this.schemas();
    await this.queries();
    await this.models();
    await this.targets();
    await this.syncs();
    await this.bulkSyncs();
    await this.events();
    await this.deletions();
  }

  call(name, expected, ...given) {
    return this.api.call(name, expected, ...given);
  }

  // Poll until a run, a job or a refresh has ended, and return it.
  async ended(name, ...ids) {
    for (let time = 0; time < 600; time += 1) {
      const { data } = await this.call(name, { data: ANY }, ...ids);
      if (ENDED.includes(data.status ?? data.cache_status)) return data;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${name} does not end`);
  }

  async administration() {
    const user = { is_user: true, is_organization: false, is_partner: false, is_system: false, role: "admin" };
    const me = (await this.call("identity.get", { data: { ...user, id: String, email: String } })).data;
    this.own = me.organization_id;
    const name = { name: "Branch", sso_domain: "acme.example" };
    const branch = (await this.call("organization.create", { data: name }, name)).data;
    await this.call("organization.get", { data: branch }, branch.id);
    await this.call("organization.list", { data: [{ id: this.own, name: me.organization_name }, branch] });
    await this.call("organization.update", { data: { id: branch.id, name: "Office" } }, branch.id, { name: "Office" });
    await this.users(branch.id);
    await this.webhooks(branch.id);
    await this.permissions();
    await this.call("organization.remove", undefined, branch.id);
  }

  async users(org) {
    const eve = { email: "eve@acme.example", role: "user" };
    const made = (await this.call("users.create", { data: { ...eve, organization_id: org, id: String } }, org, eve)).data;
    await this.call("users.get", { data: made }, made.id, org);
    await this.call("users.list", { data: [made] }, org);
    const admin = { email: eve.email, role: "admin" };
    await this.call("users.update", { data: { ...admin, id: made.id, role_ids: [String] } }, made.id, org, admin);
    await this.call("users.createApiKey", { data: { value: String } }, org, made.id, { force: true });
    await this.call("users.remove", { data: { id: made.id, email: eve.email } }, made.id, org);
  }

  async webhooks(org) {
    const request = { endpoint: "https://hooks.example/one", secret: "example-secret", organization_id: org };
    const hook = { endpoint: request.endpoint, organization_id: org, disabled: false, created_at: String };
    const made = (await this.call("webhooks.create", { data: hook }, request)).data;
    await this.call("webhooks.get", { data: made }, made.id);
    await this.call("webhooks.list", { data: [made] });
    const other = { ...request, endpoint: "https://hooks.example/two" };
    await this.call("webhooks.update", { data: { ...made, endpoint: other.endpoint } }, made.id, other);
    await this.call("webhooks.disable", { data: { id: made.id, disabled: true } }, made.id);
    await this.call("webhooks.enable", { data: { id: made.id, disabled: false } }, made.id);
    await this.call("webhooks.remove", undefined, made.id);
  }

  async permissions() {
    const role = { name: "Readers", system: false, organization_id: this.own };
    const made = (await this.call("permissions.roles.create", { data: role }, { name: "Readers" })).data;
    await this.call("permissions.roles.get", { data: made }, made.id);
    await this.call("permissions.roles.list", { data: [made, { name: "Admin", system: true }] });
    await this.call("permissions.roles.update", { data: { ...made, name: "Writers" } }, made.id, { name: "Writers" });
    const actions = { policy_actions: [{ action: "create", role_ids: [made.id] }] };
    const shown = { data: { ...actions, name: "Ours", system: false, organization_id: this.own } };
    const policy = (await this.call("permissions.policies.create", shown, { ...actions, name: "Ours" })).data;
    await this.call("permissions.policies.get", { data: policy }, policy.id);
    await this.call("permissions.policies.list", { data: [policy] });
    const renamed = { name: "Theirs", policy_actions: [] };
    await this.call("permissions.policies.update", { data: { id: policy.id, name: "Theirs" } }, policy.id, renamed);
    await this.call("permissions.policies.remove", undefined, policy.id);
    await this.call("permissions.roles.remove", undefined, made.id);
  }

  async connections() {
    const capabilities = { source: true, destination: true, enrichment: false, orchestration: false };
    await this.call("connections.getTypes", { data: [{ id: "snowflake", name: "Snowflake", capabilities }] });
    const schema = { type: "object", title: "Snowflake", required: ["account"], properties: { account: Object } };
    await this.call("connections.getConnectionTypeSchema", schema, "snowflake");
    this.warehouse = await this.connect("snowflake", SNOWFLAKE);
    this.salesforce = await this.connect("salesforce", SALESFORCE);
    this.hubspot = await this.connect("hubspot", HUBSPOT);
    const ads = await this.connect("linkedinads", HUBSPOT);
    const values = { accounts: { values: [{ value: String, label: String }] } };
    const form = { field: "accounts", connection_id: ads };
    await this.call("connections.getTypeParameterValues", { data: values }, "linkedinads", form);
    const shown = { id: this.warehouse, name: "My snowflake", type: { id: "snowflake", name: "Snowflake" } };
    await this.call("connections.get", { data: { ...shown, created_by: { type: String } } }, this.warehouse);
    await this.call("connections.list", { data: [shown, { id: this.salesforce }, { id: this.hubspot }] });
    const changed = { name: "Renamed", configuration: { ...SNOWFLAKE, dbname: "OTHER" } };
    const renamed = { data: { id: this.warehouse, name: "Renamed", configuration: { dbname: "OTHER" } } };
    await this.call("connections.update", renamed, this.warehouse, changed);
    await this.call("connections.testConnection", undefined, { type: "snowflake", configuration: SNOWFLAKE });
    await this.call("connections.getParameterValues", { data: Object }, this.warehouse);
    const session = { name: "Theirs", type: "hubspot", redirect_url: "https://app.example/done" };
    await this.call("connections.connect", { data: { redirect_url: String, token: String } }, session);
    await this.sharing();
  }

  async connect(type, configuration) {
    const shown = { name: `My ${type}`, status: "healthy", saved: true, policies: [], type: { id: type } };
    const request = { name: `My ${type}`, type, configuration };
    return (await this.call("connections.create", { data: shown }, request)).data.id;
  }

  async sharing() {
    const child = (await this.call("organization.create", { data: { name: "Child" } }, { name: "Child" })).data;
    const request = { child_organization_id: child.id, name: "Shared" };
    const shared = await this.call("connections.createSharedConnection", { data: { id: String } }, this.hubspot, request);
    const copy = { id: shared.data.id, name: "Shared", organization_id: child.id, parent_connection_id: this.hubspot };
    await this.call("connections.listSharedConnections", { data: [copy] }, this.hubspot);
  }

  async schemas() {
    for (const id of [this.warehouse, this.salesforce, this.hubspot]) {
      await this.call("schemas.refresh", undefined, id);
      await this.ended("schemas.getStatus", id);
    }
    const fresh = { cache_status: "fresh", last_refresh_started: String, last_refresh_finished: String };
    await this.call("schemas.getStatus", { data: fresh }, this.salesforce);
    const fields = [{ id: "Id", type: "string", is_primary_key: true }, { id: "Email", type: "string" }];
    await this.call("schemas.get", { data: { id: "Contact", fields } }, this.salesforce, "Contact");
    await this.call("schemas.getRecords", { data: [{ Id: String, LastName: String }] }, this.salesforce, "Contact");
    const place = [this.salesforce, "Contact"];
    const field = { field_id: "shout", label: "Shout", type: "string", path: "LastName" };
    await this.call("schemas.upsertField", undefined, ...place, { fields: [field] });
    await this.call("schemas.get", { data: { fields: [{ id: "shout", name: "Shout" }] } }, ...place);
    await this.call("schemas.deleteField", undefined, ...place, "shout");
    const key = { fields: [{ field_id: "Email", is_primary_key: true }] };
    await this.call("schemas.setPrimaryKeys", undefined, ...place, key);
    const changed = [{ id: "Email", is_primary_key: true }];
    await this.call("schemas.get", { data: { fields: changed } }, ...place);
    await this.call("schemas.resetPrimaryKeys", undefined, ...place);
    await this.call("schemas.get", { data: { fields } }, ...place);
  }

  async queries() {
    const created = { data: { id: String, status: "created" } };
    const started = await this.call("queryRunner.runQuery", created, this.warehouse, { query: "SELECT 1 AS one" });
    await this.ended("queryRunner.getQuery", started.data.id);
    const rows = { status: "done", count: 1, fields: ["one"], results: [{ one: 1 }], expires: String };
    await this.call("queryRunner.getQuery", { data: rows, links: Object }, started.data.id);
  }

  async models() {
    const offered = { table: { has_items: true, items: [String] }, query: { has_items: false } };
    const source = await this.call("modelSync.getSource", { data: { items: offered } }, this.warehouse);
    const params = { table: [source.data.items.table.items[0]] };
    const columns = { items: { tracking_columns: { items: [String] } }, configuration: { table: Object } };
    await this.call("modelSync.getSource", { data: columns }, this.warehouse, { params });
    const field = { name: String, type: String };
    await this.call("modelSync.getSourceFields", { data: [field] }, this.warehouse, { params });
    await this.api.refused("models.getEnrichmentSource", 404, "no enrichment", this.warehouse, { params });
    await this.api.refused("models.post", 404, "no enrichment", this.warehouse, { configuration: { object: "people" } });
    const body = { name: "New", connection_id: this.warehouse, configuration: QUERY, identifier: "email" };
    const fields = [{ name: "email", type: "string" }, { name: "name" }, { name: "amount", type: "number", id: String }];
    const shown = { name: "New", connection_id: this.warehouse, configuration: QUERY, type: "snowflake", fields };
    await this.call("models.preview", { data: { name: "New", fields } }, { body });
    const made = (await this.call("models.create", { data: shown }, { body })).data;
    this.model = made.id;
    this.fields = Object.fromEntries(made.fields.map((each) => [each.name, each.id]));
    await this.call("models.get", { data: { ...shown, id: made.id, identifier: "email" } }, made.id);
    await this.call("models.list", { data: [{ id: made.id, name: "New" }] });
    const labeled = { ...shown, id: made.id, labels: [{ name: "nightly" }] };
    await this.call("models.update", { data: labeled }, made.id, { ...body, labels: ["nightly"] });
    const record = { [made.id]: { email: "ada.new@acme.example", name: "New", amount: 7 } };
    await this.call("models.sample", { data: { records: [record] } }, made.id);
    const job = (await this.call("models.create", { job: { job_id: String } }, { async: true, body })).job;
    await this.ended("jobs.get", job.job_id, "createmodel");
    const done = { job_id: job.job_id, type: "createmodel", status: "done", result: { name: "New", id: String } };
    const { result } = (await this.call("jobs.get", { data: done }, job.job_id, "createmodel")).data;
    await this.call("models.remove", undefined, result.id);
  }

  async targets() {
    const modes = [{ id: "updateOrCreate", requires_identity: true, supports_target_filters: true }];
    const objects = { data: [{ id: "Contact", name: String, modes }] };
    await this.call("modelSync.targets.list", objects, this.salesforce);
    const creation = { supported: true, properties: [{ id: "schema", title: "Schema", enum: true }] };
    await this.call("modelSync.targets.list", { target_creation: creation }, this.warehouse);
    const values = { id: "schema", enum: true, values: [{ value: "public", label: String }] };
    await this.call("modelSync.targets.getCreateProperty", { data: values }, this.warehouse, "schema");
    const items = { object: { items: ["Contact"], has_items: true } };
    await this.call("modelSync.targets.getTarget", { data: { items } }, this.salesforce, { search: "contact" });
    const field = { id: "Email", type: "string", supports_identity: true, identity_functions: [{ id: "Equality" }] };
    const shown = { id: "Contact", fields: [field], modes: [{ mode: "updateOrCreate" }], properties: Object };
    const request = { target: "Contact", refresh: true };
    await this.call("modelSync.targets.getTargetFields", { data: shown }, this.salesforce, request);
  }

  async syncs() {
    const frequencies = { schedule_options: [{ frequency: "daily", label: String, configuration: Object }] };
    await this.call("modelSync.getScheduleOptions", { data: frequencies });
    const request = this.request();
    const filters = [
      { field: { model_id: this.model, field: "amount" }, field_id: this.fields.amount, field_type: "Model", value: 5 },
      { field_id: "Title", field_type: "Target", function: "IsNull", label: "B" },
    ];
    const { schedule, target, identity, fields } = request;
    const shown = { name: "New contacts", mode: "updateOrCreate", active: false, schedule, target, identity };
    const all = { ...shown, filters, filter_logic: "A AND B", fields, model_ids: [this.model] };
    const sync = (await this.call("modelSync.create", { data: all }, request)).data;
    this.sync = sync.id;
    await this.call("modelSync.get", { data: { ...all, id: sync.id, created_at: sync.created_at } }, sync.id);
    const of = { active: false, mode: "updateOrCreate", target_connection_id: this.salesforce };
    await this.call("modelSync.list", { data: [{ id: sync.id, filters }] }, of);
    // What an answer shows can be sent back, as a client does that changes one part.
    const edited = { ...sync, name: "All contacts" };
    await this.call("modelSync.update", { data: { ...all, name: "All contacts" } }, sync.id, edited);
    await this.call("modelSync.activate", { data: { id: sync.id, active: true } }, sync.id, { active: true });
    await this.runs(sync.id);
  }

  request() {
    const source = (field) => ({ model_id: this.model, field });
    return {
      name: "New contacts",
      mode: "updateOrCreate",
      fields: [{ source: source("name"), target: "LastName" }],
      filters: [
        { field: source("amount"), field_type: "Model", function: "GreaterThan", value: 5, label: "A" },
        { field_id: "Title", field_type: "Target", function: "IsNull", label: "B" },
      ],
      filter_logic: "A AND B",
      identity: { source: source("email"), target: "Email", function: "Equality" },
      schedule: MANUAL,
      target: { connection_id: this.salesforce, object: "Contact" },
    };
  }

  async runs(id) {
    const created = { data: { id: String, status: "created", created_at: String } };
    const run = (await this.call("modelSync.start", created, id, { resync: true })).data.id;
    const done = await this.ended("modelSync.executions.get", id, run);
    const right = { id: run, status: "completed", counts: { insert: 1, error: 0, total: 1 }, errors: [] };
    await this.call("modelSync.executions.get", { data: right }, id, run);
    await this.call("modelSync.executions.list", { data: [done] }, id, { only_completed: true, ascending: true });
    await this.call("modelSync.getStatus", { data: { last_execution: done } }, id);
    await this.call("modelSync.cancel", { data: { message: String } }, id);
    await this.api.refused("modelSync.executions.update", 400, "status", id, run, { status: "running" });
    await this.call("modelSync.executions.update", { data: right }, id, run, { status: "canceled" });
    const log = await this.call("modelSync.executions.getLogUrls", { data: { urls: [String] } }, id, run, "inserts");
    const [url] = log.data.urls;
    const text = await (await fetch(url)).text();
    if (!text.includes("ada.new@acme.example")) this.api.wrong.push(`modelSync.executions.getLogUrls: ${text}`);
    const file = new URL(url).pathname.split("/").pop();
    await this.call("modelSync.executions.getLogs", undefined, id, run, "inserts", file);
  }

  async bulkSyncs() {
    const all = await this.call("bulkSync.getSource", { data: { schemas: [ANY] } }, this.hubspot, { include_fields: true });
    const schema = all.data.schemas[0].id;
    const destination = { configuration: Object, modes: [{ id: "replicate" }], supported_resync_modes: ["rebuild"] };
    await this.call("bulkSync.getDestination", { data: destination }, this.warehouse);
    const request = {
      name: "Copy",
      source_connection_id: this.hubspot,
      destination_connection_id: this.warehouse,
      destination_configuration: { schema: "hubspot_copy" },
      mode: "replicate",
      schedule: MANUAL,
    };
    const shown = { ...request, active: false, discover: false, policies: [], organization_id: this.own };
    const sync = (await this.call("bulkSync.create", { data: shown }, { ...request, schemas: [schema] })).data;
    this.bulk = sync.id;
    await this.call("bulkSync.get", { data: { ...shown, id: sync.id } }, sync.id, { refresh_schemas: true });
    await this.call("bulkSync.list", { data: [{ id: sync.id, name: "Copy" }] }, { active: false });
    const renamed = { ...request, name: "Copies" };
    await this.call("bulkSync.update", { data: { ...shown, name: "Copies" } }, sync.id, renamed);
    await this.call("bulkSync.activate", { data: { id: sync.id, active: true } }, sync.id, { active: true });
    await this.bulkSchemas(sync.id, schema);
    await this.schedules(sync.id);
    await this.bulkRuns(sync.id, schema);
  }

  async bulkSchemas(id, schema) {
    const one = { id: schema, enabled: true, output_name: String, fields: [{ id: String, enabled: true }] };
    const filters = { enabled: "true" };
    const listed = (await this.call("bulkSync.schemas.list", { data: [one] }, id, { filters })).data;
    const others = (await this.call("bulkSync.schemas.list", ANY, id, { filters: { enabled: "false" } })).data;
    if (listed.length !== 1 || others.length === 0) this.api.wrong.push("bulkSync.schemas.list: the filter is ignored");
    await this.call("bulkSync.schemas.get", { data: listed[0] }, id, schema);
    const patch = { schemas: [{ id: schema, enabled: true, tracking_field: null }] };
    await this.call("bulkSync.schemas.patch", { data: [one] }, id, patch);
    await this.call("bulkSync.schemas.update", { data: one }, id, schema, { enabled: true });
    await this.call("bulkSync.schemas.cancel", { data: { message: String } }, id, schema);
  }

  async schedules(id) {
    const daily = { frequency: "daily", hour: "7", minute: "30", selectiveMode: "none" };
    const shown = { frequency: "daily", hour: "7", minute: "30", isDefault: false, syncId: id };
    const made = (await this.call("bulkSync.schedules.create", { data: shown }, id, { schedule: daily })).data;
    const listed = (await this.call("bulkSync.schedules.list", { data: [shown, { isDefault: true }] }, id)).data;
    const { id: which } = listed.find((each) => !each.isDefault);
    await this.call("bulkSync.schedules.get", { data: made }, id, which);
    const weekly = { frequency: "weekly", dayOfWeek: "monday", hour: "8", minute: "0" };
    await this.call("bulkSync.schedules.update", { data: weekly }, id, which, { schedule: weekly });
    await this.call("bulkSync.schedules.delete", undefined, id, which);
  }

  async bulkRuns(id, schema) {
    const created = { data: { id: String, is_resync: true, status: "created", schemas: [{ schema }] } };
    const run = (await this.call("bulkSync.start", created, id, { resync: true })).data.id;
    await this.ended("bulkSync.executions.get", id, run);
    const schemas = [{ schema, status: "completed", record_count: Number, error_count: 0 }];
    const right = { id: run, status: "completed", schemas, record_count: Number };
    await this.call("bulkSync.executions.get", { data: right }, id, run);
    const page = { only_terminal: true, ascending: false, limit: 500 };
    await this.call("bulkSync.executions.list", { data: [right] }, id, page);
    await this.call("bulkSync.executions.listStatus", { data: [{ sync_id: id, schemas: [{ schema }] }] }, { sync_id: [id] });
    await this.call("bulkSync.getStatus", { data: { last_execution: right } }, id);
    await this.call("bulkSync.executions.cancel", { data: { message: String } }, id, run);
    await this.call("bulkSync.cancel", { data: { message: String } }, id);
    const logs = (await this.call("bulkSync.executions.getLogs", { data: { URLs: [String], Expires: String } }, id, run)).data;
    const { status } = await fetch(logs.URLs[0]);
    if (status !== 200) this.api.wrong.push(`bulkSync.executions.getLogs: the URL answers ${status}`);
    const job = (await this.call("bulkSync.executions.exportLogs", { job: { type: "exportlogs" } }, id, run)).job;
    const { result } = await this.ended("jobs.get", job.job_id, "exportlogs");
    await this.call("bulkSync.executions.exportLogs", ANY, id, run, { notify: true });
    if (!result?.url) this.api.wrong.push("bulkSync.executions.exportLogs: the job has no URL");
  }

  async events() {
    await this.call("events.getTypes", { data: ["sync.completed", "bulk_sync.completed_with_error"] });
    const event = { sync_id: this.sync, inserted_count: 1, inserted_records: [String], total_records: [String] };
    const found = { type: "sync.completed", organization_id: this.own, event, id: String, created_at: String };
    const since = new Date(Date.now() - 3_600_000).toISOString();
    await this.call("events.list", { data: [found] }, { type: "sync.completed", limit: 500, starting_after: since });
    const emails = ["ada@acme.example"];
    await this.call("notifications.setGlobalErrorSubscribers", { emails }, { emails });
    await this.call("notifications.getGlobalErrorSubscribers", { emails });
  }

  async deletions() {
    await this.call("bulkSync.remove", undefined, this.bulk);
    await this.call("modelSync.remove", undefined, this.sync);
    await this.call("models.remove", undefined, this.model);
    await this.call("connections.remove", undefined, this.hubspot, { force: true });
  }
}

async function main() {
  let failed = 0;
  for (const version of ["2024-02-08", undefined]) {
    const sandbox = await startSandbox();
    const client = new PolytomicClient({ environment: sandbox.address, token: KEY, version });
    const api = new Witness(client, path.dirname(require.resolve("polytomic")));
    try {
      await new Journey(api).travel();
    } catch (error) {
      api.wrong.push(`the journey: ${error.message} ${JSON.stringify(error.body ?? "")}`);
    } finally {
      sandbox.stop();
    }
    failed |= api.finish(`polytomic npm ${version ?? "unversioned"}`);
  }
  return failed;
}

main().then((code) => process.exit(code));
