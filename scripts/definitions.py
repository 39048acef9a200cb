"""Write polytomic_mcp/tools/definitions: what a model reads of each tool, from the tool's function.

scripts/definitions            write a file a tool, and delete those of tools that no longer exist
scripts/definitions --check    change nothing, show what differs, exit 1 if anything does
"""

import argparse
import difflib
import sys
from typing import Final

from polytomic_mcp.tools.framework.definitions import FOLDER, describe
from polytomic_mcp.tools.framework.functions import import_function
from polytomic_mcp.tools.toolsets import toolsets

MOST_LINES: Final = 200


def definitions() -> dict[str, str]:
    """Return the text of each file by its name."""
    described = [
        describe(import_function(path), annotations)
        for toolset in toolsets()
        for path, annotations in toolset.annotated()
    ]
    return {
        f"{tool.name}.json": tool.model_dump_json(by_alias=True, exclude_none=True, indent=2) + "\n"
        for tool in described
    }


def stored() -> dict[str, str]:
    """Return the text of each file that exists, by its name."""
    return {file.name: file.read_text("utf-8") for file in FOLDER.iterdir()}


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return a diff of the files against what they should contain."""
    return [
        line
        for name in sorted(before | after)
        for line in difflib.unified_diff(
            before.get(name, "").splitlines(), after.get(name, "").splitlines(), name, name, lineterm=""
        )
    ]


def main() -> int:
    """Write the definitions, or compare them."""
    parser = argparse.ArgumentParser(prog="scripts/definitions", description="Write the tools' definitions.")
    parser.add_argument("--check", action="store_true", help="change nothing, show what differs, exit 1")
    is_check = parser.parse_args().check
    before, after = stored(), definitions()
    if is_check:
        changed = differences(before, after)
        print(*changed[:MOST_LINES], sep="\n", end="\n" if changed else "", file=sys.stderr)
        return 1 if changed else 0
    for name in before.keys() - after.keys():
        (FOLDER / name).unlink()
    for name, text in after.items():
        if before.get(name) != text:
            (FOLDER / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
