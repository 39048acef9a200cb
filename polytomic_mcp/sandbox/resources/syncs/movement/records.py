"""The records of a run: read, joined, and selected by the model filters and by the start's request."""

from collections.abc import Iterator
from typing import Any

from polytomic_mcp.catalogue.rules import filter_predicates
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.scalars import to_text
from polytomic_mcp.sandbox.resources.models.joins import Record, join
from polytomic_mcp.sandbox.resources.models.reading import read_model
from polytomic_mcp.sandbox.resources.models.source_fields import Source, listed
from polytomic_mcp.sandbox.resources.syncs.movement.filters import Reader, Selector, build_model_filter
from polytomic_mcp.sandbox.resources.syncs.references import References
from polytomic_mcp.sandbox.workspace.workspace import Workspace


class Records:
    """The records of a sync's models.

    Overrides change the values that readers return, not those that filters test (a guess).
    """

    def __init__(self, workspace: Workspace, references: References) -> None:
        self._workspace = workspace
        self._sync = references.sync
        self._sources = references.sources
        self._joins = references.joins
        self._order = references.model_ids
        self._now = workspace.clock()

    def build_reader(self, source: Source) -> Reader:
        """Return a reader of the source's value, with the sync's overrides applied."""
        read = self._raw(source)
        for override in self._sync["overrides"]:
            if override["field"] == source:
                read = _overridden(read, override, self._predicate(override, source))
        return read

    def select(self, request: JsonObject) -> Iterator[Record]:
        """Yield the records that pass the model filters and that the start's request selects."""
        selectors = [*self._filters(), *self._requested(request)]
        model = self._sources.model(self._order[0]) or {}
        rows = read_model(self._workspace, model).rows
        records = join(self._workspace, self._sources, self._joins, rows)
        for selects in selectors:
            records = filter(selects, records)
        return records

    def _raw(self, source: Source) -> Reader:
        position, field = self._order.index(source["model_id"]), source["field"]
        return lambda record: record[position].get(field)

    def _predicate(self, condition: JsonObject, source: Source) -> filter_predicates.Predicate:
        """Return the predicate of a condition on a source; one without a function passes every value."""
        function = condition.get("function")
        if not function:
            return _always
        field = self._sources.field(source) or {}
        return filter_predicates.build_predicate(function, condition.get("value"), self._now, field["type"])

    def _filters(self) -> Iterator[Selector]:
        """Yield the selector of the model filters, if there are any."""
        conditions = self._sync["model_filters"]["conditions"]
        if conditions:
            tests = {
                each["label"]: (self._raw(each["source"]), self._predicate(each, each["source"]))
                for each in conditions
            }
            yield build_model_filter(self._sync["model_filters"]["logic"], tests)

    def _requested(self, request: JsonObject) -> Iterator[Selector]:
        """Yield the selectors of ``identities`` and ``source_identities`` in the start's request."""
        wanted = {str(each) for each in listed(request, "identities")}
        readers = [self._raw(each["source"]) for each in self._sync["identities"]["mappings"]]
        if wanted:
            yield lambda record: any(to_text(read(record)) in wanted for read in readers)
        groups: list[list[JsonObject]] = request.get("source_identities") or []
        tests = [[(self._raw(each["source"]), each["value"]) for each in group] for group in groups]
        if tests:
            yield lambda record: any(
                all(to_text(read(record)) == value for read, value in test) for test in tests
            )


def _overridden(read: Reader, override: JsonObject, applies: filter_predicates.Predicate) -> Reader:
    replacement = override.get("override")

    def overridden(record: Record) -> Any:
        value = read(record)
        return replacement if applies(value) else value

    return overridden


def _always(_value: Any) -> bool:
    return True
