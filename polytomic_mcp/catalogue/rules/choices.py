"""The values that the API lists for a field, each with or without a label."""

from dataclasses import dataclass
from typing import Any

from polytomic_mcp.common.json_values import as_list, as_object
from polytomic_mcp.common.spelling import canonical, near, valid_values


@dataclass(frozen=True, slots=True)
class Choices:
    """The values of an enum and their labels, as the API lists them: plain, or ``{"value", "label"}``."""

    pairs: tuple[tuple[Any, str], ...] = ()

    @classmethod
    def of(cls, items: Any) -> "Choices":
        """Read a list of values; anything else is a list without values."""
        return cls(tuple(_pair(item) for item in as_list(items)))

    @property
    def values(self) -> list[Any]:
        """The values, without their labels."""
        return [value for value, _ in self.pairs]

    def find(self, given: Any) -> list[Any]:
        """Return the listed value that is given by itself, its label or another spelling, if there is one."""
        if given in self.values:
            return [given]
        if not isinstance(given, str):
            return []
        labeled = [value for value, label in self.pairs if label.casefold() == given.casefold()]
        spelled = canonical(given, [str(value) for value in self.values])
        return labeled if len(labeled) == 1 else [each for each in self.values if str(each) == spelled]

    def hint(self, given: Any) -> str:
        """Return the hint for a wrong value: the valid ones and their labels, nearest first."""
        shown = {str(value): _shown(str(value), label) for value, label in self.pairs}
        named = shown | {label: shown[str(value)] for value, label in self.pairs}
        close = [named[name] for name in near(given, named)]
        return valid_values(close[0] if close else given, [*close, *shown.values()])


def _pair(item: Any) -> tuple[Any, str]:
    value = as_object(item).get("value") if isinstance(item, dict) else item
    return value, str(as_object(item).get("label") or value)


def _shown(value: str, label: str) -> str:
    """Return a value, and its label if that says more."""
    return value if canonical(label, [value]) else f"{value} ({label})"
