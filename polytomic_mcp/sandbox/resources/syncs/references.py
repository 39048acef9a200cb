"""What a sync refers to: its models, their fields, a connection and a target, each looked up once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import quoted, valid_values
from polytomic_mcp.sandbox.common.problems import Problem, refusal
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.resources.models.joins import Join, find_joins
from polytomic_mcp.sandbox.resources.models.models import require_healthy
from polytomic_mcp.sandbox.resources.models.source_fields import Sources, model_ids, used_sources
from polytomic_mcp.sandbox.resources.syncs.syncs import named_target_fields
from polytomic_mcp.sandbox.resources.syncs.target_creation import plan_target
from polytomic_mcp.sandbox.resources.syncs.targets import Target, get_target, list_targets
from polytomic_mcp.sandbox.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What a run reads and writes: its models' connections, the destination, and the target there."""

    read: list[JsonObject]
    destination: JsonObject
    target: Target

    @property
    def connections(self) -> list[JsonObject]:
        """All connections, the destination last."""
        return [*self.read, self.destination]


@dataclass(frozen=True, slots=True)
class References:
    """A sync with everything it refers to, and a problem for each thing that does not exist.

    ``joins`` lead from the base model, whose records a run writes, to the other models it reads.
    ``target`` may be one that the request asks to create; it is planned, and does not exist yet.
    """

    sync: JsonObject
    sources: Sources
    joins: tuple[Join, ...]
    connection: JsonObject | None
    target: Target | None
    problems: tuple[Problem, ...]

    @property
    def model_ids(self) -> list[str]:
        """The models that a run reads, in the order of a record's rows: the base, then the joined ones."""
        return _read_models(self.sync, self.joins)

    def require_endpoints(self, workspace: Workspace) -> Endpoints:
        """Return what a run of the sync reads and writes.

        Raises:
            RefusalError: 422 if anything the sync refers to does not exist; 404 or 422 if a model's
                connection does not exist or cannot be read now.
        """
        if self.problems or self.connection is None or self.target is None:
            raise refusal(self.problems, f"Sync {self.sync['name']} cannot run")
        models = filter(None, map(self.sources.model, self.model_ids))
        read = [require_healthy(workspace, model["connection_id"]) for model in models]
        return Endpoints(read, self.connection, self.target)


def resolve_references(
    workspace: Workspace,
    sync: JsonObject,
    sources: Sources | None = None,
    create: Mapping[str, str] | None = None,
) -> References:
    """Look up everything the sync refers to.

    ``sources`` has the models that were read so far. ``create`` has the properties of a new target
    object, if the sync that is being stored asks for one.
    """
    sources = sources or Sources(workspace.store)
    joins = tuple(find_joins(sources, model_ids(sync)))
    connection = workspace.store.get("connection", sync["target"]["connection_id"])
    target = _find_target(workspace, sync, connection, sources, create)
    problems = _source_problems(sync, sources, joins)
    if isinstance(target, Problem):
        return References(sync, sources, joins, connection, None, (*problems, target))
    return References(sync, sources, joins, connection, target, (*problems, *_missing_fields(sync, target)))


def _find_target(
    workspace: Workspace,
    sync: JsonObject,
    connection: JsonObject | None,
    sources: Sources,
    create: Mapping[str, str] | None,
) -> Target | Problem:
    if connection is None:
        id_ = sync["target"]["connection_id"]
        message = f"Unknown connection {id_}. GET /api/connections lists the valid ones."
        return Problem("unknown_connection", message, "target.connection_id")
    if create:
        return plan_target(workspace, system_of(connection), sync, create, sources)
    name = sync["target"].get("object") or ""
    target = get_target(workspace, system_of(connection), name)
    return target or _unknown_target(workspace, connection, name)


def _unknown_target(workspace: Workspace, connection: JsonObject, name: str) -> Problem:
    names = [target.id for target in list_targets(workspace, system_of(connection))]
    message = f"Connection {connection['name']} has no target object {quoted(name)}."
    return Problem("unknown_target", message + valid_values(name, names), "target.object")


def _source_problems(sync: JsonObject, sources: Sources, joins: Sequence[Join]) -> list[Problem]:
    """Return the models and fields that do not exist, or else the models that no relation reaches."""
    missing = [problem for path, source in used_sources(sync) if (problem := sources.problem(source, path))]
    return missing or list(_join_problems(sync, joins))


def _join_problems(sync: JsonObject, joins: Sequence[Join]) -> Iterator[Problem]:
    read = _read_models(sync, joins)
    for id_ in model_ids(sync):
        if id_ not in read:
            message = f"Model {id_} has no relation that leads to model {read[0]}. Add a relation first."
            yield Problem("unrelated_model", message, "model_ids")


def _read_models(sync: JsonObject, joins: Sequence[Join]) -> list[str]:
    return [*model_ids(sync)[:1], *(join.model_id for join in joins)]


def _missing_fields(sync: JsonObject, target: Target) -> Iterator[Problem]:
    named = [(path, id_) for path, id_, is_new in named_target_fields(sync) if not is_new]
    for position, condition in enumerate(sync["target_filters"]["conditions"]):
        named.append((f"target_filters.conditions[{position}].field", condition["field"]))
    for path, id_ in named:
        if target.field(id_) is None:
            names = [field.column.name for field in target.fields]
            message = f"Target object {target.id} has no field {quoted(id_)}.{valid_values(id_, names)}"
            yield Problem("unknown_target_field", message, path)
