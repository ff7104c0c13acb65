"""The demonstration's page, from made-up figures: every plot is drawn, and nothing is loaded from elsewhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import log10
from pathlib import Path
from typing import Any

from streamflow.demo import plots
from streamflow.demo.figures import ANY, BASELINE, Figures, Quality, Scenario
from streamflow.demo.report import write_report
from streamflow.quality.report import Check
from streamflow.statistics.intervals import wilson

BEGIN = datetime(2026, 3, 1)  # noqa: DTZ001 - as the warehouse gives an hour of UTC
HOURS = [BEGIN + timedelta(hours=hour) for hour in range(48)]
FIGURES = Figures(
    rejected=[("transactions.raw", "not_json", 12), ("events.raw", "not_json", 3)],
    latency_ms=[float(value) for value in range(50, 450)],
    quality=[Quality(name, 40, wilson(20, 40), wilson(20, 60), 120.0) for name in ("velocity", ANY, BASELINE)],
    scenarios=[Scenario("card testing", 40, wilson(30, 40), 20), Scenario("none came", 0, wilson(0, 0), 0)],
    hours=[(hour, 50, 900.0) for hour in HOURS],
    alert_hours=[(hour, 2, 1) for hour in HOURS],
    examples=[],
    rows={"gold.fact_transactions": 2400},
)
CONTEXT: dict[str, Any] = {
    "title": "Demonstration <1>",
    "subtitle": "2,400 purchases",
    "tiles": [{"value": "2,400", "label": "purchases", "note": "in gold"}],
    "rule_set": "1.1.0",
    "calibrated": True,
    "currency": "USD",
    "rejected_total": 15,
    "calibration": None,
    "checks": [Check("conservation", True, 0, 0, "All there."), Check("at_rest", False, 1, 0, "One to go.")],
    "steps": [],
    "machine": "two cores",
}


def test_the_page_draws_every_plot_and_needs_no_network(tmp_path: Path) -> None:
    """Five plots; names escaped; a failed check stands out."""
    text = write_report(tmp_path / "report.html", FIGURES, CONTEXT).read_text(encoding="utf-8")
    assert text.count('class="plotly-graph-div"') == 5
    assert 'src="http' not in text
    assert "<h1>Demonstration &lt;1&gt;</h1>" in text
    assert '<td class="no">failed</td><td>at_rest</td>' in text


def test_quantiles_of_latency_stand_where_the_curve_is() -> None:
    """On a log axis a text has the logarithm of its place; the value itself would stretch the axis to 10^250."""
    drawn = plots.latency(FIGURES)
    assert [(one.text, round(10**one.x)) for one in drawn.layout.annotations] == [
        (name, round(FIGURES.latency(share) or 0)) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    ]
    assert max(one.x for one in drawn.layout.annotations) < log10(450)
