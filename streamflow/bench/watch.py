"""When the last record of a topic came: the end of a run whose work is what it sends."""

from __future__ import annotations

import time
from threading import Event, Thread
from types import TracebackType

from confluent_kafka import Consumer

from streamflow.broker import end_of, prober, read_logs
from streamflow.settings import Settings

LOOK_S = 0.1


class LastRecord:
    """Watches a topic while it is open.

    Attributes:
        count: Records that came since.
        moment: When the last of them came, by the monotonic clock; the opening before the first.
    """

    def __init__(self, settings: Settings, topic: str) -> None:
        self.count = 0
        self.moment = time.monotonic()
        self._topic = topic
        self._places = list(read_logs(settings, [topic])[topic].ends)
        # One client for all looks; a new one for each would take a share of the cores that are measured.
        self._prober = prober(settings)
        self._stopped = Event()
        self._watcher = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> LastRecord:
        self._consumer: Consumer = self._prober.__enter__()
        self._before = self._ends()
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._watcher.join()
        self._look()
        self._prober.__exit__(kind, error, trace)

    def _ends(self) -> int:
        return sum(end_of(self._consumer, self._topic, number) for number in self._places)

    def _look(self) -> None:
        count = self._ends() - self._before
        if count != self.count:
            self.count, self.moment = count, time.monotonic()

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_S):
            self._look()
