"""The frames between a process that runs queries and its parent."""

import io
import math

import pytest

from polytomic_mcp.sandbox.data.sql.process import frames


def test_what_was_written_is_read_in_order() -> None:
    stream = io.BytesIO()
    for value in ([1, "ü\ud800"], {"a": None}):
        frames.write(stream, frames.encoded(value))
    stream.seek(0)

    assert [frames.read(stream) for _ in range(3)] == [[1, "ü\ud800"], {"a": None}, None]


def test_a_frame_that_breaks_off_is_the_end() -> None:
    stream = io.BytesIO()
    frames.write(stream, frames.encoded([1, 2, 3]))

    assert frames.read(io.BytesIO(stream.getvalue()[:-1])) is None


def test_the_parent_does_not_read_a_frame_that_is_too_large() -> None:
    stream = io.BytesIO((10**12).to_bytes(8))

    with pytest.raises(ValueError, match="has 1000000000000 bytes; the limit is 32000000"):
        frames.read(stream)


def test_a_process_reads_a_frame_of_any_size() -> None:
    stream = io.BytesIO()
    frames.write(stream, frames.encoded("x" * 100))
    stream.seek(0)

    assert frames.read(stream, math.inf) == "x" * 100
