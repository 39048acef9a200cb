"""What a model does that knows nothing but a guide: its steps, carried out, move the rows."""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import anyio
import pytest

from tests.conftest import Receiver

Speaking = Callable[..., AbstractAsyncContextManager[Any]]


def filled(value: Any, values: dict[str, Any]) -> Any:
    """Replace the texts in angle brackets by what a person would say."""
    if isinstance(value, dict):
        return {name: filled(part, values) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, values) for part in value]
    return values.get(value, value) if isinstance(value, str) else value


async def carry_out(speak: Any, guide: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """Make the calls of a guide, in order; return the last answer of each tool."""
    answers: dict[str, Any] = {}
    call: dict[str, Any] = {}
    for step in guide["steps"]:
        if "tool" not in step:
            continue
        arguments = filled(step["arguments"], said) if "arguments" in step else call
        answers[step["tool"]] = await speak(step["tool"], **arguments)
        call = {name: part for name, part in arguments.items() if name != "dry_run"}
    return answers


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_rows_are_sent_to_a_webhook_by_the_steps_of_the_guide_alone(
    speaking: Speaking, web_receiver: Receiver, mode: str
) -> None:
    said = {
        "<account>": "acme",
        "<user>": "ada",
        "<database>": "ANALYTICS",
        "<https://your endpoint>": web_receiver.url,
    }
    with anyio.fail_after(60):
        async with speaking("memory", mode) as speak:
            guide = await speak("get_guide", topic="how do I send rows to our own webhook?")
            for step in guide["steps"]:
                configuration = step.get("arguments", {}).get("configuration", {})
                configuration |= {"password": "pw"} if "password" in configuration else {}
                configuration |= (
                    {"auth_method": "polytomic_secret", "secret": "s"} if "url" in configuration else {}
                )
            answers = await carry_out(speak, guide, said)

    assert answers["start_sync"]["status"] == "completed"
    assert answers["start_sync"]["counts"]["total"] > 0
    assert sum(len(body["object"]["records"]) for body in web_receiver.bodies) > 0
    assert "<" not in json.dumps(answers["create_sync"]["fields"])
