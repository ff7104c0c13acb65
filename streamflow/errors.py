"""Errors that a person can act on.

A `StreamFlowError` is a mistake or a condition that its reader can mend: the command line prints its one sentence and
exits with its code. Anything else is a defect of ours and keeps its stack trace.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class StreamFlowError(Exception):
    """One sentence that names the place and the nearest valid value.

    Attributes:
        exit_code: What the process returns: 1 a check failed, 2 wrong usage or input, 3 the environment is not ready,
            130 interrupted.
    """

    exit_code = 1


class InputError(StreamFlowError):
    """An argument, a setting or a file of the user's is wrong."""

    exit_code = 2


class EnvironmentNotReady(StreamFlowError):
    """A server, a port, a disk or a program that the command needs is missing."""

    exit_code = 3


class Interrupted(StreamFlowError):
    """Ctrl-C; the sentence says what is left and what to do with it."""

    exit_code = 130


def nearest(name: str, valid: Iterable[str]) -> str:
    """Name the closest valid name, as a tail for an error sentence.

    Args:
        name: What the user wrote.
        valid: Every name that would have been right.

    Returns:
        `did you mean 'x'?`, or the list of all valid names when none is close.
    """
    names = sorted(valid)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean '{close[0]}'?"
    return "valid: " + ", ".join(names)
