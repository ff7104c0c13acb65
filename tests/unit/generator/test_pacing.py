"""A pace is a fact about what has gone out, not about how often it was asked for."""

from __future__ import annotations

import pytest

from streamflow.contracts.names import EVENTS_RAW, TRANSACTIONS_RAW
from streamflow.errors import InputError
from streamflow.generator import pacing
from streamflow.generator.pacing import Pace
from streamflow.generator.records import Emission


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        """Return where it stands, seconds."""
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Put a clock of the test's own behind the module's `time`."""
    standing = Clock()
    monkeypatch.setattr(pacing, "time", standing)
    return standing


def emission(topic: str = TRANSACTIONS_RAW, at_ms: int = 0) -> Emission:
    """Return an emission of a topic."""
    return Emission(topic, b"c1", b"{}", at_ms)


def test_asking_often_does_not_slow_a_rate_down(clock: Clock) -> None:
    """A client that is woken by each acknowledgement asks many times before one purchase."""
    pace = Pace(rate=2000)
    assert pace.wait_s(emission()) <= 0
    pace.count(emission())
    asked = [pace.wait_s(emission()) for _ in range(50)]
    assert asked == pytest.approx([1 / 2000] * 50)
    clock.now_s += 1 / 2000
    assert pace.wait_s(emission()) == pytest.approx(0, abs=1e-9)


def test_only_purchases_make_up_the_rate(clock: Clock) -> None:
    """Labels and reference records travel between them for nothing."""
    pace = Pace(rate=10)
    pace.wait_s(emission())
    for _ in range(5):
        pace.count(emission(EVENTS_RAW))
    assert pace.wait_s(emission()) <= 0


def test_speed_follows_event_time(clock: Clock) -> None:
    """A minute of event time at sixty-fold speed takes a second."""
    pace = Pace(speed=60)
    assert pace.wait_s(emission(at_ms=0)) <= 0
    assert pace.wait_s(emission(at_ms=60_000)) == pytest.approx(1.0)


def test_without_a_pace_nothing_waits() -> None:
    """As fast as possible is the default."""
    pace = Pace()
    pace.count(emission())
    assert pace.wait_s(emission(at_ms=10**12)) == 0.0


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_a_rate_that_is_not_positive_is_refused(rate: float) -> None:
    """The sentence names the option."""
    with pytest.raises(InputError, match="--rate must be greater than 0"):
        Pace(rate=rate)
