"""One self-contained HTML page about a backtest. It opens without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from streamflow.backtest import words
from streamflow.backtest.estimates import estimates
from streamflow.backtest.findings import Findings
from streamflow.backtest.worth import AMOUNT_ALONE
from streamflow.pages.page import data_in_page, write_page

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from streamflow.backtest.scored import Backtest


def write_report(backtest: Backtest, findings: Findings, path: Path, *, currency: str = "") -> Path:
    """Render the report.

    Args:
        backtest: What was judged; the page shows the rule sets' bands from it.
        findings: What `figures.judge` found.
        path: Where the page goes; its folder is made.
        currency: Of the amounts; nothing when unknown.

    Returns:
        The path.
    """
    return write_page(
        path,
        Path(__file__).parent / "templates" / "backtest.html.j2",
        _drawn(findings),
        f=findings,
        main=findings.main,
        w=words,
        currency=currency,
        tiles=_tiles(findings, currency),
        bands=_bands(backtest),
        every=[(name, one) for name, one in estimates(findings) if one.value is not None],
        missing=[(name, one) for name, one in estimates(findings) if one.value is None],
        as_json=data_in_page(msgspec.json.encode(findings).decode()),
    )


def _drawn(findings: Findings) -> dict[str, go.Figure]:
    from streamflow.backtest import plots

    return {
        name: draw(findings)
        for name, draw in {
            "rules": plots.rules,
            "curve": plots.curve,
            "differences": plots.differences,
            "days": plots.days,
            "spans": plots.spans,
            "money": plots.money,
            "firing": plots.firing,
            "reliability": plots.reliability,
        }.items()
    }


def _tiles(findings: Findings, currency: str) -> list[dict[str, str]]:
    main, amount = findings.main, findings.one(AMOUNT_ALONE)
    caught, coverage = main.together, findings.coverage
    beside = amount.together if amount else caught
    budget = findings.budget_per_1000
    volume = words.count(findings.volume[0].alerts_per_1000, 2)
    wanted = "" if budget is None else f", budget {budget:g}"
    return [
        {
            "value": words.number(caught.alerts_a_day, 1),
            "label": "alerts a day",
            "note": f"{volume} in 1,000 purchases{wanted}",
        },
        {
            "value": words.share(caught.precision, interval=False),
            "label": "of the alerts are fraud",
            "note": f"amount alone: {words.share(beside.precision, interval=False)}",
        },
        {
            "value": words.share(caught.recall, interval=False),
            "label": "of the frauds caught",
            "note": f"amount alone: {words.share(beside.recall, interval=False)}",
        },
        {
            "value": words.money(caught.caught_minor.value),
            "label": f"{currency or 'money'} of fraud caught",
            "note": f"{words.money(caught.missed_minor.value, currency)} missed",
        },
        {
            "value": words.score(main.average_precision, interval=False),
            "label": "average precision",
            "note": f"amount alone: {words.score(amount.average_precision, interval=False) if amount else words.NONE}",
        },
        {
            "value": f"{coverage.frauds:,}",
            "label": "frauds judge",
            "note": f"among {coverage.judged:,} purchases of {coverage.customers:,} customers",
        },
    ]


def _bands(backtest: Backtest) -> list[dict[str, Any]]:
    """List the judged rule set's bands: where each begins, what it weighs, where the figure comes from."""
    return [
        {
            "rule": rule,
            "measure": name,
            "at_least": f"{band.at_least:,}",
            "unit": measure.unit,
            "weight": f"{band.weight_ulo / 1e6:.3f}",
            "interval": ""
            if band.interval is None
            else f"{band.interval[0] / 1e6:.2f} to {band.interval[1] / 1e6:.2f}",
            "status": band.status,
        }
        for rule, name, measure in backtest.scored.rule_set.measures()
        for band in measure.bands
    ]
