"""Customers whom high_value keeps flagging are counted, and said."""

from __future__ import annotations

import numpy as np
import pytest

from streamflow.calibration.rules.locked import LAST, Locked, locked_in
from tests.unit.calibration.rules.tables import rows

pytestmark = pytest.mark.unit


def test_who_has_most_of_the_last_twenty_legitimate_purchases_flagged_is_locked_in() -> None:
    """Two customers by turns: one has eleven of the last twenty flagged, the other ten; old alerts are nothing.

    customer 0   10 flagged, then 20 of which 11 are      locked in
    customer 1   10 flagged, then 20 of which 10 are      not
    customer 2   19 purchases, all flagged                too few to tell
    """
    group = np.concatenate((np.tile([0, 1], 30), np.full(19, 2)))
    alone = np.zeros(len(group), dtype=np.bool_)
    for customer, count in ((0, 11), (1, 10)):
        mine = np.flatnonzero(group == customer)
        alone[mine[:10]] = alone[mine[-count:]] = True
    alone[group == 2] = True
    fraud = np.zeros(len(group), dtype=np.bool_)
    assert locked_in(alone, rows(fraud, group=group)) == Locked(customers=2, locked=1)
    # The frauds of customer 1 were rightly flagged: without them ten of thirty are left, all of them old.
    fraud[np.flatnonzero(group == 1)[-10:]] = True
    assert locked_in(alone, rows(fraud, group=group)) == Locked(customers=2, locked=1)


def test_nobody_locked_in_is_nothing_to_say() -> None:
    """The sentence stands in the contract file only where there is somebody."""
    assert not Locked(100, 0).sentence()
    assert Locked(1200, 36).sentence().startswith("36 of 1,200 customers stay flagged")
    assert f"last {LAST} legitimate" in Locked(1200, 36).sentence()
    nobody = locked_in(np.zeros(3, np.bool_), rows(np.zeros(3, np.bool_)))
    assert (nobody.customers, nobody.share.value) == (0, None)
