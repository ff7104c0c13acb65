"""What moved, in words: which statistic, from what to what, by how much, and how much noise would explain."""

from __future__ import annotations

from streamflow.calibration.drift.baselines import Compared
from streamflow.calibration.drift.windows import SHORT_GAP_S
from streamflow.contracts.calibrations import Figure

WHOLE = {
    "typical_amount": "The typical amount (geometric mean)",
    "customer_days": "The number of purchases on a day on which a customer buys",
}
HOURS = {"hours_local": "local time", "hours_utc": "UTC"}


def subject(path: str, edges: Figure | None, currency: str) -> str:
    """Return what a statistic is about.

    Args:
        path: Of the figure, without `baseline.`.
        edges: The figure of the amounts at which shares are taken.
        currency: Of the amounts.
    """
    family, _, name = path.partition(".")
    if family in WHOLE:
        return WHOLE[family]
    return f"The share of {_share(family, name, edges, currency)}"


def _share(family: str, name: str, edges: Figure | None, currency: str) -> str:
    if family in HOURS:
        hour = int(name[1:])
        return f"purchases from {hour:02d}:00 to {(hour + 1) % 24:02d}:00 {HOURS[family]}"
    edge = edges.value[name.removeprefix("up_to_")] / 100 if family == "amounts" and edges else 0.0
    return {
        "amounts": f"purchases of at most {edge:,.2f} {currency}",
        "weekdays": f"purchases on {name.capitalize()}s",
        "products": f"purchases of {'other products' if name == 'other' else name}",
        "missing": f"purchases without {name}",
        "gaps": f"purchases within {SHORT_GAP_S // 60} minutes of the customer's last",
        "alerts": "alerts" if name == "all" else f"purchases on which {name} fires",
    }[family]


def sentence(one: Compared, edges: Figure | None, currency: str) -> str:
    """Return one sentence about a statistic that moved."""
    said = subject(one.path, edges, currency)
    if one.unit == "share":
        moved = f"{one.before:.2%} to {one.now:.2%}, by {one.change * 100:+.2f} points"
        noise = f"{one.tolerance * 100:.2f}"
    elif one.unit == "minor":
        moved = f"{one.before / 100:,.2f} to {one.now / 100:,.2f} {currency}, by {one.change / one.before:+.1%}"
        noise = f"{one.tolerance / one.before:.1%}"
    else:
        moved = f"{one.before:.3f} to {one.now:.3f}, by {one.change:+.3f}"
        noise = f"{one.tolerance:.3f}"
    return f"{said} moved from {moved}; noise explains {noise}."
