"""What is taken out of a task's log as the reason of its failure."""

from __future__ import annotations

from typing import Any

import pytest

from streamflow.stack.airflow_api import _sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ([], "its log names no error."),
        (["not an entry", {"event": "started", "level": "info"}], "its log names no error."),
        ([{"event": "airflow.exceptions.AirflowFailException: No rows.", "level": "error"}], "No rows."),
        ([{"event": "Task failed with exception", "level": "error"}], "Task failed with exception"),
        (
            [
                {"event": "first", "level": "error"},
                {
                    "event": "Task failed",
                    "level": "error",
                    "error_detail": [{"exc_type": "AirflowFailException", "exc_value": "The gate is closed."}],
                },
                {"event": "cleaned up", "level": "info"},
            ],
            "The gate is closed.",
        ),
    ],
)
def test_the_newest_exception_gives_the_sentence_without_its_type(content: list[Any], sentence: str) -> None:
    """Structured details win over the line; a log without an error says so."""
    assert _sentence(content) == sentence
