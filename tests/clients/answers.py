"""Write what AJV checks into a file: every tool's schemas, and the arguments and answers of a call of each.

Usage: python -m tests.clients.answers FILE
"""

import json
import sys
from pathlib import Path

from polytomic_mcp.tools.framework.definitions import FOLDER, load_definition
from scripts.pages.examples import examples


def main(file: str) -> None:
    tools = [load_definition(path.stem) for path in sorted(FOLDER.iterdir())]
    schemas = {tool.name: {"input": tool.input_schema, "output": tool.output_schema} for tool in tools}
    calls = [{"tool": each.tool, "arguments": each.arguments, "answer": each.answer} for each in examples()]
    Path(file).write_text(json.dumps({"schemas": schemas, "calls": calls}), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
