"""The id of a request in a line that cannot be read."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from polytomic_mcp.protocol.stdio import request_id

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["id", "method", "x"]) | st.text(), inner)
    ),
)


def test_the_last_of_two_ids_counts_as_it_does_in_json() -> None:
    assert request_id('{"id":1,"method":"x","id":2}') == 2


@given(
    params=json_values,
    id_=st.integers(-(10**15), 10**15)
    | st.text(st.characters(codec="ascii", exclude_characters='"\\', categories=["L", "N", "P"])),
    is_escaped=st.booleans(),
    order=st.permutations(["jsonrpc", "method", "params", "id"]),
)
def test_the_id_is_found_wherever_it_stands(
    *, params: Any, id_: str | int, is_escaped: bool, order: list[str]
) -> None:
    message = {"jsonrpc": "2.0", "method": "tools/list", "params": params, "id": id_}

    line = json.dumps({name: message[name] for name in order}, ensure_ascii=is_escaped)

    assert request_id(line) == id_


@given(st.text(st.sampled_from('{}[]":,id \\method0123456789')))
def test_no_line_is_too_odd_to_look_for_an_id(line: str) -> None:
    assert isinstance(request_id(line), str | int | None)
