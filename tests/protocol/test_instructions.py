"""The instructions name a tool only if it is shown."""

from polytomic_mcp.protocol.instructions import instructions


def test_guides_and_the_search_are_mentioned_if_they_are_shown() -> None:
    both = instructions({"get_guide", "find_operations"}, [])

    assert both.endswith(
        "get_guide gives the steps of a common task. For tasks without a tool, use find_operations."
    )
    assert instructions(set(), []).endswith("suggested next calls.")
