"""Words of `streamflow explain alert`."""

from __future__ import annotations

import pytest

from streamflow.cli.explain_alert import apart


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0.0, "+0.0 min"),
        (-0.4, "-0.4 min"),
        (179.9, "+179.9 min"),
        (180.0, "+3.0 h"),
        (-2879.0, "-48.0 h"),
        (-4433.9, "-3.1 days"),
        (2_880_000.0, "+2,000.0 days"),
    ],
)
def test_a_distance_in_time_is_told_in_the_unit_that_a_person_would_choose(minutes: float, said: str) -> None:
    """Minutes up to three hours, hours up to two days, days beyond."""
    assert apart(minutes) == said
