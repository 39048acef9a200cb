"""A sync before it is written: names become ids, defaults are filled in, and all problems are found."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.catalogue.rules import filter_functions
from polytomic_mcp.catalogue.rules.filter_logic import default_label
from polytomic_mcp.catalogue.rules.modes import SYNC_MODES
from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.common.spelling import meant, quoted
from polytomic_mcp.errors import PolytomicError, RefusedError
from polytomic_mcp.tools.answers.results import NextStep
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.names import BULK_SYNC, CONNECTION, MODEL, SYNC, Noun, every, shown
from polytomic_mcp.tools.api_access.responses import items_of
from polytomic_mcp.tools.connections.modes import mode_names
from polytomic_mcp.tools.framework.references import References
from polytomic_mcp.tools.framework.requests import Draft
from polytomic_mcp.tools.framework.timing import convert_to_utc
from polytomic_mcp.tools.syncs.problems import problems_of
from polytomic_mcp.tools.syncs.requests import Condition, Schedule, Source, SyncRequest, Target
from polytomic_mcp.tools.syncs.results import names_of
from polytomic_mcp.tools.syncs.stored import target_of
from polytomic_mcp.tools.syncs.subject import Subject, TargetObject
from polytomic_mcp.tools.syncs.target_creation import (
    OBJECTS,
    creatable_objects,
    creation_problems,
    how_to_create,
)
from polytomic_mcp.tools.syncs.targets import find_target, target_fields

_ABOUT_TARGET: Final = ("fields", "identit", "mode", "override_fields", "target")
"""How the problems begin that a look at the target helps with."""

_NUMBER: Final = re.compile(r"\b\d+\b")


@dataclass(slots=True)
class SyncDraft(Draft):
    """The draft of a sync, and the names of what it refers to, as results show them."""

    names: JsonObject = field(default_factory=JsonObject)
    target: NextStep | None = None
    """The call that shows what its target accepts."""


async def draft_sync(
    caller: Caller, sync: SyncRequest, id_: str = "", *, keeps_schedule: bool = False
) -> SyncDraft:
    """Complete a sync and validate it against the models and the target that it names.

    ``id_`` is that of a stored sync. If it keeps its schedule, the times stay as the API answered them.
    """
    draft = SyncDraft({})
    _with_labels(sync)
    for _, condition in sync.all_conditions:
        if filter_functions.FUNCTIONS.get(condition.function) == "duration":
            condition.value = filter_functions.spelled_duration(condition.value)
    fill_in_model(sync.sources)
    sync.fields = sync.fields or []
    sync.schedule = sync.schedule or Schedule(frequency="manual")
    is_after_others = sync.schedule.frequency == "runafter"
    whole = {CONNECTION, MODEL} | ({SYNC, BULK_SYNC} if is_after_others else set[Noun]())
    references = References(caller.api, frozenset(whole))
    await references.resolve(sync)
    if not keeps_schedule:
        convert_to_utc(sync.schedule, "schedule", caller.date(), draft)
    await _refuse_cycle(references, sync.schedule, id_)
    references.report(draft)
    subject = Subject(models=await _models(references, sync), fields=await _fields_by_id(caller.api, sync))
    await _resolve_target(references, sync, subject, draft)
    if subject.target is not None:
        _spell(sync, TargetObject(subject.target))
    draft.problems += problems_of(sync, subject)
    if draft.target and any(problem.startswith(_ABOUT_TARGET) for problem in draft.problems):
        draft.next_steps.append(draft.target)
    draft.body = sync.body()
    draft.names = _names(references, sync, subject)
    return draft


def fill_in_model(sources: Iterable[tuple[str, Source]], known: Iterable[str] = ()) -> None:
    """Give each source without a model the only one that is known or that others name, if there is one."""
    listed = [source for _, source in sources]
    named = {source.model_id for source in listed} - {""} or {*known}
    for source in listed:
        if not source.model_id and len(named) == 1:
            source.model_id = next(iter(named))


async def shares_targets(api: Polytomic, sync: JsonObject) -> bool:
    """Whether several fields of a stored sync may have the same target, as far as that can be read."""
    connection_id, object_ = target_of(sync)
    try:
        return bool(object_) and await _takes_whole_rows(api, connection_id, object_)
    except PolytomicError:
        return False


def _names(references: References, sync: SyncRequest, subject: Subject) -> JsonObject:
    connection = references.objects.get(CONNECTION, {}).get(str(sync.target.connection_id), {})
    target = as_object(subject.target) | as_object(sync.target.create)
    models = {id_: model.get("name") for id_, model in subject.models.items()}
    return names_of(sync.body(), connection, target, models)


async def _refuse_cycle(references: References, schedule: Schedule, id_: str) -> None:
    """Add a problem if a stored sync would run after itself, directly or through other syncs."""
    waiting, seen = (_predecessors(schedule.body()) if id_ else []), set[str]()
    while waiting:
        before = waiting.pop()
        if before == id_:
            references.problems.append("schedule.run_after: The sync would run after itself.")
            return
        if before not in seen and await references.id_of(SYNC, before, "schedule.run_after") is not None:
            waiting += _predecessors(as_object(references.objects[SYNC][before].get("schedule")))
        seen.add(before)


def _predecessors(schedule: JsonObject) -> list[str]:
    """Return the syncs that a schedule waits for."""
    waits = schedule.get("frequency") == "runafter"
    return [str(id_) for id_ in as_list(as_object(schedule.get("run_after")).get("sync_ids")) if waits]


def _spell(sync: SyncRequest, target: TargetObject) -> None:
    """Write the mode and the fields of the target as the API spells them."""
    modes = mode_names(target.answer.get("modes")) or SYNC_MODES
    sync.mode = meant(sync.mode, modes) or sync.mode
    for _, part in [*sync.all_mappings, *sync.all_identities]:
        part.target = str((target.field(part.target) or {}).get("id", part.target))


def _with_labels(sync: SyncRequest) -> None:
    """Replace the numbers of conditions (``1 AND 2``) in the logic of filters by labels (``A AND B``)."""
    sync.filter_logic = _labelled(sync.filter_logic, sync.filters)
    for filters in (sync.model_filters, sync.target_filters):
        if filters is not None:
            filters.logic = _labelled(filters.logic, filters.conditions)


def _labelled(logic: str | None, conditions: Sequence[Condition] | None) -> str | None:
    if logic is None:
        return None
    labels = {
        str(number): condition.label or default_label(number - 1)
        for number, condition in enumerate(conditions or (), 1)
    }
    return _NUMBER.sub(lambda number: labels.get(number[0], number[0]), logic)


async def _models(references: References, sync: SyncRequest) -> dict[str, JsonObject]:
    """Return the models of a sync by id and, if there are several, those that their relations lead to.

    A relation to a model that no longer exists leads nowhere, and is not a problem of the sync.
    """
    models = dict(references.objects.get(MODEL, {}))
    if len({source.model_id for _, source in sync.sources}) == 1:
        return models
    related = References(references.api, frozenset({MODEL}))
    waiting = list(models.values())
    while waiting:
        for relation in as_objects(waiting.pop().get("relations")):
            id_ = str(as_object(relation.get("to")).get("model_id"))
            if id_ not in models and await related.id_of(MODEL, id_, "relations") is not None:
                models[id_] = related.objects[MODEL][id_]
                waiting.append(models[id_])
    return models


async def _fields_by_id(api: Polytomic, sync: SyncRequest) -> dict[str, Source]:
    """Return the fields of all models by id, if a part in the older form may name one by its id."""
    if not any(part.field_id for part in [*(sync.filters or ()), *(sync.overrides or ())]):
        return {}
    return {
        str(each.get("id")): Source(model_id=model["id"], field=str(each.get("name")))
        for model in await every(api, MODEL.list)
        for each in as_objects(model.get("fields"))
    }


async def _resolve_target(
    references: References, sync: SyncRequest, subject: Subject, draft: SyncDraft
) -> None:
    """Replace the name of the target object by its id, and read its fields and modes into ``subject``."""
    target = sync.target
    if not target.connection_id:
        draft.problems.append("target.connection_id is required: the connection that rows are written to.")
    elif target.object and target.create:
        draft.problems.append(
            "target: Send object for an existing object, or create for a new one, not both."
        )
    elif target.connection_id in references.objects.get(CONNECTION, ()):
        try:
            subject.target = await _target_of(references.api, target.connection_id, target, draft)
        except RefusedError as refused:
            draft.could_not_read("target", target.connection_id, refused)
        except ToolError as error:
            draft.problems.append(f"target: {error}")


async def _target_of(
    api: Polytomic, connection_id: str, target: Target, draft: SyncDraft
) -> JsonObject | None:
    """Return the API's answer about a target; None if one cannot be created like this."""
    if target.create:
        return await _planned(api, connection_id, target.create, draft)
    target.object = await _object_of(api, connection_id, target.object)
    draft.target = _see_target(connection_id, target.object)
    answer = await target_fields(api, connection_id, target=target.object)
    if as_object(answer.get("properties")).get("requires_configuration") and not target.configuration:
        draft.problems.append(f"target.configuration is required: {quoted(target.object)} needs one.")
    return answer


async def _planned(
    api: Polytomic, connection_id: str, create: dict[str, str], draft: SyncDraft
) -> JsonObject | None:
    objects = await creatable_objects(api, connection_id)
    if problems := creation_problems(objects, create, "target.create"):
        draft.problems += problems
        draft.target = _see_targets(connection_id)
        return None
    planned = await target_fields(api, connection_id, properties=create)
    if any(item["id"] == planned.get("id") for item in items_of(OBJECTS, objects)):
        draft.problems.append(f"target.create.name: {quoted(planned['id'])} exists. Use it as target.object.")
    return planned


async def _object_of(api: Polytomic, connection_id: str, reference: str | None) -> str:
    """Return the id of a target object; without a reference, that of a webhook's only one.

    Raises:
        ToolError: There is no such object, or none was named; the text says what a new one needs.
    """
    if reference:
        try:
            return (await find_target(api, connection_id, reference))["id"]
        except ToolError as error:
            objects = await creatable_objects(api, connection_id)
            raise ToolError(f"{error}{how_to_create(objects)}") from error
    objects = await creatable_objects(api, connection_id)
    items = items_of(OBJECTS, objects)
    if len(items) == 1 and await _takes_whole_rows(api, connection_id, items[0]["id"]):
        return items[0]["id"]
    raise ToolError(f"needs an object, one of: {shown(items)}.{how_to_create(objects)}")


async def _takes_whole_rows(api: Polytomic, connection_id: str, target: str) -> bool:
    return TargetObject(await target_fields(api, connection_id, target=target)).takes_whole_rows


def _see_target(connection_id: str, target: str) -> NextStep:
    arguments = {"connection_id": connection_id, "target": target}
    return NextStep(tool="list_target_fields", arguments=arguments, reason="shows its fields and modes")


def _see_targets(connection_id: str) -> NextStep:
    arguments = {"connection_id": connection_id}
    return NextStep(
        tool="list_target_objects", arguments=arguments, reason="shows them, and what a new one needs"
    )
