"""Seconds from nothing to a healthy platform, and the memory of each of its processes."""

from __future__ import annotations

import time
from collections.abc import Callable

from streamflow.bench.measures import Measure
from streamflow.settings import Settings
from streamflow.stack.platform import Platform

METHOD = (
    "Start-up is from an empty state directory until every health check answers, jars and packages being there. "
    "Memory is the proportional set size of each process with its children, so that shared pages count once; "
    "taken after the runs above, with all three jobs at work."
)


def start_up(platform: Platform, runs: int, say: Callable[[str], None]) -> list[Measure]:
    """Start the platform from nothing several times, without and with Airflow; it runs at the end."""
    found: dict[str, list[float]] = {"without Airflow": [], "with Airflow": []}
    for number in range(runs):
        for name, seconds in found.items():
            platform.down(purge=True)
            began = time.monotonic()
            platform.up(without={"airflow"} if name == "without Airflow" else ())
            seconds.append(time.monotonic() - began)
            say(f"run {number + 1}: start {name} {seconds[-1]:.1f} s")
    return [Measure(f"start-up {name}", "s", seconds) for name, seconds in found.items()]


def memory(settings: Settings) -> list[Measure]:
    """Return the memory of each process now, and of all."""
    sizes = {one.name: float(one.memory_mb) for one in Platform(settings).status() if one.memory_mb}
    measures = [Measure(f"memory, {name}", "MiB", [size]) for name, size in sizes.items()]
    return [*measures, Measure("memory, all", "MiB", [sum(sizes.values())])]
