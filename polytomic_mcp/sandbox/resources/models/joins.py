"""Joins: how a sync combines the records of several models by the relations between them.

The first model of a sync is the base, and a run writes each of its records once. A record of another
model joins it if the related fields are equal; of several such records, the first one joins (a guess).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from polytomic_mcp.common.scalars import to_text
from polytomic_mcp.sandbox.data.tables.tables import Row
from polytomic_mcp.sandbox.resources.models.reading import read_model
from polytomic_mcp.sandbox.resources.models.source_fields import Sources, listed
from polytomic_mcp.sandbox.workspace.workspace import Workspace

Record = tuple[Row, ...]
"""A row of the base model, followed by the joined row of each other model in the order of the joins."""


@dataclass(frozen=True, slots=True)
class Join:
    """A model whose ``field`` equals ``via_field`` of the model at position ``via`` of a record."""

    model_id: str
    field: str
    via: int
    via_field: str


def find_joins(sources: Sources, model_ids: Sequence[str]) -> list[Join]:
    """Return the joins from the first model to the others, each after those it depends on.

    A model that no relation reaches is left out.
    """
    edges = list(_edges(sources, model_ids))
    order, joins = list(model_ids[:1]), list[Join]()
    for via, reached in enumerate(order):  # grows during the loop: breadth first
        for left, left_field, right, right_field in edges:
            if left == reached and right not in order:
                order.append(right)
                joins.append(Join(right, right_field, via, left_field))
    return joins


def join(
    workspace: Workspace, sources: Sources, joins: Sequence[Join], rows: Iterator[Row]
) -> Iterator[Record]:
    """Return each row with its joined rows; a joined row is empty if no record matches."""
    return _joined(workspace, sources, joins, rows) if joins else zip(rows, strict=True)


def _joined(
    workspace: Workspace, sources: Sources, joins: Sequence[Join], rows: Iterator[Row]
) -> Iterator[Record]:
    lookups = [_lookup(workspace, sources, each) for each in joins]
    for row in rows:
        record = [row]
        for each, lookup in zip(joins, lookups, strict=True):
            value = record[each.via].get(each.via_field)
            record.append({} if value is None else lookup.get(to_text(value), {}))
        yield tuple(record)


def _lookup(workspace: Workspace, sources: Sources, join_: Join) -> dict[str, Row]:
    model = sources.model(join_.model_id) or {}
    found: dict[str, Row] = {}
    for row in read_model(workspace, model).rows:
        if (value := row.get(join_.field)) is not None:
            found.setdefault(to_text(value), row)
    return found


def _edges(sources: Sources, model_ids: Sequence[str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield each relation of these models and of those they lead to, in both directions."""
    known = list(model_ids)
    for id_ in known:  # grows during the loop
        model = sources.model(id_) or {}
        for relation in listed(model, "relations"):
            to: dict[str, str] = relation["to"]
            if sources.model(to["model_id"]) is not None:
                yield id_, relation["from"], to["model_id"], to["field"]
                yield to["model_id"], to["field"], id_, relation["from"]
                if to["model_id"] not in known:
                    known.append(to["model_id"])
