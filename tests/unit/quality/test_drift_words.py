"""What moved is said in words that name the statistic, both values, the change and the noise."""

from __future__ import annotations

import pytest

from streamflow.calibration.drift.baselines import Compared
from streamflow.contracts.calibrations import Figure
from streamflow.quality.drift_words import sentence

EDGES = Figure(
    value={"q50": 6877.0}, unit="minor", status="measured", method="quantiles", source="data", n=9, interval={}
)


@pytest.mark.parametrize(
    ("path", "unit", "numbers", "said"),
    [
        (
            "typical_amount.minor",
            "minor",
            (7000.0, 8400.0, 6300.0, 7700.0),
            "The typical amount (geometric mean) moved from 70.00 to 84.00 EUR, by +20.0%; noise explains 10.0%.",
        ),
        (
            "amounts.up_to_q50",
            "share",
            (0.5, 0.41, 0.46, 0.54),
            "of at most 68.77 EUR moved from 50.00% to 41.00%, by -9.00 points; noise explains 4.00.",
        ),
        ("hours_local.h23", "share", (0.02, 0.05, 0.0, 0.03), "purchases from 23:00 to 00:00 local time moved"),
        ("hours_utc.h03", "share", (0.02, 0.05, 0.0, 0.03), "purchases from 03:00 to 04:00 UTC moved"),
        ("weekdays.sunday", "share", (0.14, 0.2, 0.1, 0.18), "purchases on Sundays moved"),
        ("products.travel", "share", (0.14, 0.2, 0.1, 0.18), "purchases of travel moved"),
        ("products.other", "share", (0.0, 0.2, 0.0, 0.01), "purchases of other products moved"),
        ("missing.merchant_id", "share", (0.02, 1.0, 0.0, 0.03), "purchases without merchant_id moved"),
        ("gaps.short", "share", (0.02, 0.1, 0.0, 0.03), "within 10 minutes of the customer's last moved"),
        ("alerts.all", "share", (0.02, 0.1, 0.0, 0.03), "The share of alerts moved from 2.00% to 10.00%"),
        ("alerts.velocity", "share", (0.02, 0.1, 0.0, 0.03), "purchases on which velocity fires moved"),
        (
            "customer_days.purchases",
            "purchases",
            (1.3, 1.9, 1.2, 1.4),
            "on which a customer buys moved from 1.300 to 1.900, by +0.600; noise explains 0.100.",
        ),
    ],
)
def test_each_statistic_has_words_of_its_own(
    path: str, unit: str, numbers: tuple[float, float, float, float], said: str
) -> None:
    """One sentence."""
    found = sentence(Compared(path, unit, *numbers), EDGES, "EUR")
    assert said in found
    assert found.endswith(".")
    assert "noise explains" in found
