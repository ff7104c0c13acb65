"""One self-contained HTML page about a candidate beside another rule set. It opens without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from streamflow.contracts.timestamps import format_us
from streamflow.pages.page import data_in_page, write_page

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from streamflow.quality.shadow import Comparison, Side
    from streamflow.statistics.intervals import Share


def write_comparison(found: Comparison, path: Path, *, currency: str = "") -> Path:
    """Render the page.

    Args:
        found: What was compared.
        path: Where the page goes; its folder is made.
        currency: Of the amounts; nothing when unknown.

    Returns:
        The path.
    """
    return write_page(
        path,
        Path(__file__).parent / "templates" / "shadow.html.j2",
        _drawn(found),
        f=found,
        currency=currency,
        tiles=_tiles(found, currency),
        spans=spans(found),
        wholes=list(zip((found.candidate, found.against), found.whole(), found.recall(), strict=True)),
        names=side_names(found),
        money=money,
        share=share,
        label=label_word,
        late=late_sentence(found),
        as_json=data_in_page(json.dumps(found.as_dict())),
    )


def spans(found: Comparison) -> str:
    """Write the spans in which both ran: `2026-03-01T00:00:00.000Z to now`."""
    return ", ".join(f"{format_us(begin)} to {'now' if end is None else format_us(end)}" for begin, end in found.spans)


def side_names(found: Comparison) -> dict[Side, str]:
    """Name the sides as a reader would."""
    return {"both": "both", "gained": f"{found.candidate} alone (gained)", "lost": f"{found.against} alone (lost)"}


def late_sentence(found: Comparison) -> str:
    """Say what became of late purchases; nothing where there are none."""
    said = ""
    if found.late:
        alerts = sum(tally.late for tally in found.sides.values())
        said = f"{found.late:,} of them came late and were judged by the batch, {alerts:,} of these are alerts."
    if found.late_waiting:
        said += f" {found.late_waiting:,} more came late and do not count yet: the batch has still to judge them."
    return said.strip()


def money(minor: int) -> str:
    """Write minor units as an amount: `1,234.50`."""
    return f"{minor / 100:,.2f}"


def share(one: Share) -> str:
    """Write a share in percent with its interval: `41.2% (38.0% to 44.1%)`."""
    if one.value is None:
        return "unknown"
    return f"{one.value:.1%} ({one.low:.1%} to {one.high:.1%})"


def _short(one: Share) -> str:
    return share(one).partition(" (")[0]


def _tiles(found: Comparison, currency: str) -> list[dict[str, str]]:
    (mine, theirs), (caught, beside) = found.whole(), found.recall()
    gained, lost = found.sides["gained"], found.sides["lost"]
    per_1000 = f"{mine.alerts / found.purchases * 1000:.2f} in 1,000" if found.purchases else "no purchases"
    return [
        {"value": f"{mine.alerts:,}", "label": "alerts", "note": f"{per_1000}; {found.against}: {theirs.alerts:,}"},
        {"value": f"{gained.alerts:,}", "label": "gained", "note": f"{gained.frauds:,} known to be fraud"},
        {"value": f"{lost.alerts:,}", "label": "lost", "note": f"{lost.frauds:,} known to be fraud"},
        {
            "value": _short(mine.precision),
            "label": "of the old enough alerts are fraud",
            "note": f"{found.against}: {_short(theirs.precision)}",
        },
        {
            "value": _short(caught),
            "label": "of the known frauds caught",
            "note": f"{found.against}: {_short(beside)}",
        },
        {
            "value": f"{mine.frauds_minor / 100:,.0f}",
            "label": f"{currency or 'money'} of fraud caught",
            "note": f"{found.against}: {theirs.frauds_minor / 100:,.0f}",
        },
    ]


def _drawn(found: Comparison) -> dict[str, go.Figure]:
    from streamflow.quality import shadow_plots

    return {
        "quality": shadow_plots.quality(found),
        "rules": shadow_plots.rules(found),
        "days": shadow_plots.days(found),
    }


def label_word(is_fraud: bool | None) -> str:
    """Return what is said of a purchase."""
    return "" if is_fraud is None else "fraud" if is_fraud else "legitimate"
