"""What a command costs with all processes that it starts: seconds, and the most memory they held together."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

from streamflow.errors import StreamFlowError

LOOK_S = 0.1


@dataclass(frozen=True)
class Cost:
    """What a command cost.

    Attributes:
        seconds: From its start to its end.
        peak_mib: The most resident memory of its processes together, shared pages counted in each.
        output: What it printed.
    """

    seconds: float
    peak_mib: float
    output: str


def cost_of(command: Sequence[str]) -> Cost:
    """Run a command and watch its processes.

    Raises:
        StreamFlowError: It failed; the sentence is the last that it said.
    """
    # Files, not pipes: nobody reads while the command is watched, and a full pipe would stop it.
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        process = psutil.Popen(list(command), stdout=output, stderr=errors)
        peak = 0
        while True:
            peak = max(peak, resident(process))
            try:
                code = process.wait(LOOK_S)
                break
            except (subprocess.TimeoutExpired, psutil.TimeoutExpired):
                continue
        seconds = time.perf_counter() - began
        errors.seek(0)
        output.seek(0)
        if code:
            said = errors.read().strip().splitlines() or ["nothing"]
            raise StreamFlowError(f"A measured command ended with code {code} and said: {said[-1]}")
        return Cost(seconds, peak / 2**20, output.read())


def resident(process: psutil.Process) -> int:
    """Return the resident bytes of a process and of those that it started, now."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
    return total
