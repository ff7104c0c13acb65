"""How fast a run goes by the wall clock: so many purchases a second, or a multiple of event time."""

from __future__ import annotations

import time

from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.errors import InputError
from streamflow.generator.records import Emission


class Pace:
    """Says how long to wait before an emission."""

    def __init__(self, rate: float | None = None, speed: float | None = None) -> None:
        """Set a pace; none at all means as fast as possible.

        Args:
            rate: Purchases a second of the wall clock.
            speed: Seconds of event time a second of the wall clock.

        Raises:
            InputError: One is not positive.
        """
        for name, value in (("--rate", rate), ("--speed", speed)):
            if value is not None and not value > 0:
                raise InputError(f"{name} must be greater than 0, not {value:g}.")
        self._rate, self._speed = rate, speed
        self._free = rate is None and speed is None
        self._purchases = 0
        self._begun: float | None = None
        self._first_ms = 0

    def wait_s(self, emission: Emission) -> float:
        """Return how many seconds to wait before this emission; 0 or less means none. Asking again changes nothing."""
        if self._free:
            return 0.0
        now = time.monotonic()
        if self._begun is None:
            self._begun, self._first_ms = now, emission.timestamp_ms
        elapsed = now - self._begun
        wait = 0.0
        if self._rate is not None:
            wait = self._purchases / self._rate - elapsed
        if self._speed is not None:
            wait = max(wait, (emission.timestamp_ms - self._first_ms) / 1000 / self._speed - elapsed)
        return wait

    def count(self, emission: Emission) -> None:
        """Count an emission that has gone out; only purchases make up the rate."""
        self._purchases += emission.topic == TRANSACTIONS_RAW
