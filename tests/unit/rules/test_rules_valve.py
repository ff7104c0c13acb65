"""The safety valve: what a runaway rule alone alerts on is held back; decisions know nothing of it."""

from __future__ import annotations

from streamflow.rules.model import Decision
from streamflow.rules.valve import Valve
from tests.unit.rules.rule_cases import PRIOR, WEIGHT, Customer, buy, listing, published, rule_set

THRESHOLD = PRIOR + WEIGHT


class Street:
    """Purchases through one engine and one valve, each an hour after the last."""

    def __init__(self, share: float = 0.5, purchases: int = 10) -> None:
        self.valve = Valve(share, purchases)
        self.customer = Customer(published(rule_set()), listing("m1", "2026-01-01T00:00:00Z"))
        self.count = 0

    def buy(self, merchant_id: str | None = None, amount_minor: int = 1000) -> tuple[Decision | None, tuple[str, ...]]:
        """Return the alert on one purchase, if any, and what holds it back."""
        self.count += 1
        minute = self.count * 15
        clock = f"2026-03-{2 + minute // 1440:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}:00Z"
        self.valve.purchase()
        sent = self.customer.sent(buy(f"t{self.count:03d}", clock, amount_minor, merchant_id=merchant_id))
        alerts = [item.decision for item in sent if item.to_alerts]
        if not alerts:
            return None, ()
        return alerts[0], self.valve.hold_back(alerts[0], THRESHOLD)


def test_a_rule_that_fires_on_everything_is_held_back_once_the_window_is_full() -> None:
    """Ten purchases are counted; of the first nine nobody can say that it is too many."""
    street = Street()
    held = [street.buy("m1")[1] for _ in range(14)]
    assert held == [()] * 9 + [("blacklist",)] * 5
    assert street.valve.shut == ("blacklist",)


def test_a_rule_at_its_share_is_delivered() -> None:
    """More than the share shuts the valve, the share itself does not."""
    street = Street()
    held = [street.buy("m1" if number % 2 else None)[1] for number in range(40)]
    assert len(held) == 40
    assert set(held) == {()}


def test_the_valve_opens_when_the_rule_is_quiet_again() -> None:
    """Once at most the share of the newest purchases alert."""
    street = Street()
    for _ in range(12):
        street.buy("m1")
    shut = [street.valve.shut]
    for _ in range(5):
        street.buy()
        shut.append(street.valve.shut)
    assert shut == [("blacklist",)] * 5 + [()]


def test_an_alert_that_another_rule_carries_is_delivered() -> None:
    """A hundred times the average alerts by itself, whatever the blacklist says."""
    street = Street()
    for _ in range(12):
        street.buy()
    for _ in range(10):
        street.buy("m1")
    alert, held = street.buy("m1", 100_000)
    assert alert is not None
    assert set(alert.fired) >= {"high_value", "blacklist"}
    assert street.valve.shut == ("blacklist",)
    assert held == ()


def test_rules_that_run_away_together_are_held_back_together() -> None:
    """Though each could carry the alert alone."""
    street = Street()
    for _ in range(12):
        street.buy()
    for number in range(12):
        alert, held = street.buy("m1", 1_000 * 10 ** (number % 2 * 3 + 2))
    assert alert is not None
    assert set(held) == {"high_value", "blacklist"}


def test_decisions_are_the_same_with_and_without_a_valve() -> None:
    """It is asked after the engine, and changes nothing there."""
    with_valve, without = Street(), Street(share=1.0)
    for number in range(30):
        ours, theirs = with_valve.buy("m1" if number % 4 else None), without.buy("m1" if number % 4 else None)
        assert ours[0] == theirs[0]
    assert with_valve.customer.state == without.customer.state
    assert with_valve.valve.shut
    assert not without.valve.shut
