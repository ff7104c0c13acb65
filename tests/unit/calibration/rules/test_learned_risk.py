"""The blacklist that labels would have proposed: only what was known on a day decides about that day."""

from __future__ import annotations

import numpy as np
import pytest

from streamflow.calibration.rules.learned_risk import LOOKBACK_DAYS, NOTHING, STRENGTH, learned_risk
from streamflow.datasets.table import Bools, Ints
from tests.unit.calibration.rules.tables import DAY_US, START_US, table

pytestmark = pytest.mark.unit

HOUR_US = DAY_US // 24


GOOD = 9


def shop(known_days: float, days: int = 12) -> tuple[Ints, Ints, Bools]:
    """Return risk, day and whether the merchant is `bad`: ten purchases a day at each of ten merchants.

    Two purchases at `bad` on day 0 are fraud.
    """
    times: list[int] = []
    fraud: list[bool] = []
    merchants: list[str | None] = []
    for number in range(days):
        for name in ("bad", *(f"good-{at}" for at in range(GOOD))):
            for at in range(10):
                times.append(START_US + number * DAY_US + at * HOUR_US)
                fraud.append(name == "bad" and number == 0 and at < 2)
                merchants.append(name)
    found = learned_risk(table(times, fraud, merchants, known_days), 6)
    assert found is not None
    return found, (np.array(times) - START_US) // DAY_US, np.array([name == "bad" for name in merchants])


def test_a_merchant_is_listed_from_the_day_on_which_its_frauds_are_known() -> None:
    """Labels that take three and a half days list it from day 4 on; the frauds' own day is not listed.

    ::

        day   0    1    2    3    4    5 ..
              ff             ^known at 3.5
                                  [listed ..
    """
    risk, day, bad = shop(3.5)
    assert (risk[bad & (day < 4)] == NOTHING).all()
    assert (risk[bad & (day == 4)] > 0).all()
    assert (risk[~bad] == NOTHING).all()


def test_the_risk_is_the_smoothed_share_of_the_days_before() -> None:
    """Day 4: two frauds in 40 purchases at `bad`, 2 in 400 over all."""
    risk, day, bad = shop(3.5)
    wanted = (2 + STRENGTH * 2 / 400) / (40 + STRENGTH)
    first = risk[bad & (day == 4)]
    assert len(first) == 10
    assert first.tolist() == [round(wanted * 1e6)] * 10


def test_a_merchant_leaves_the_list_when_its_frauds_are_long_ago() -> None:
    """The look-back has an end."""
    risk, day, bad = shop(1, days=LOOKBACK_DAYS + 4)
    assert (risk[bad & (day == 2)] > 0).all()
    assert (risk[bad & (day > LOOKBACK_DAYS)] == NOTHING).all()


def test_one_fraud_lists_nobody() -> None:
    """Chance alone would fill the list."""
    times = [START_US + day * DAY_US for day in range(10)]
    found = learned_risk(table(times, [True] + [False] * 9, ["bad"] * 10), 6)
    assert found is not None
    assert (found == NOTHING).all()


def test_a_risk_that_is_no_more_than_usual_lists_nobody() -> None:
    """Where every merchant has as much fraud, none stands out."""
    times = [START_US + at * HOUR_US for at in range(24 * 10)]
    merchants: list[str | None] = [f"m-{at % 3}" for at in range(24 * 10)]
    found = learned_risk(table(times, [at % 7 == 0 for at in range(24 * 10)], merchants), 6)
    assert found is not None
    assert (found == NOTHING).all()
