"""How often drift is called where nothing has changed: 240 days of thirty worlds; half a minute of computing."""

from __future__ import annotations

from tests.drift_worlds import false_alarms


def test_a_window_of_the_same_source_is_called_drift_once_in_a_hundred_times_at_most() -> None:
    """No customer is shared with the baseline; one in a hundred would be 2.4 alarms."""
    windows, alarms = false_alarms(range(100, 130))
    assert windows == 240
    assert alarms <= 4
