"""What operators read most fits a terminal of 80 columns: no line is longer, no figure is cut."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from streamflow.cli.alerts import _quality_table
from streamflow.cli.rules.listing import _show_list
from streamflow.contracts.rule_sets import RULES
from streamflow.warehouse.rule_quality import Quality

MOMENTS = ("1970-01-01T00:00:00.000Z", "2026-03-05T12:00:00.000Z", "2026-03-06T12:00:00.000Z")


def role(kind: str, state: str, since: str, until: str | None = None) -> dict[str, Any]:
    """Return a role as `rules list` has it."""
    return {"role": kind, "state": state, "effective_from": since, "until": until}


def row(version: str, *roles: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a version as `rules list` has it."""
    plain = {"version": version, "on_file": True, "calibration": None, "acknowledged": 2, "subtasks": 2}
    return plain | {"roles": list(roles)} | changes


def test_rule_sets_with_their_roles_fit_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every time is whole; a role that ended has its end on a line of its own."""
    monkeypatch.setenv("COLUMNS", "80")
    live = [role("live", state, since) for state, since in zip(("past", "withdrawn", "live"), MOMENTS, strict=True)]
    shadow = role("shadow", "retired", MOMENTS[1], MOMENTS[2])
    rows = [row("1.0.0", *live), row("1.1.0", shadow, calibration="ulb-0123456789ab", on_file=False)]
    _show_list({"rule_sets": rows, "refused": [], "detector": None})
    shown = capsys.readouterr().out
    lines = [line.rstrip() for line in shown.splitlines()]
    assert max(map(len, lines)) <= 80
    assert "…" not in shown
    assert shown.count(MOMENTS[1]) == 2
    assert shown.count(MOMENTS[2]) == 2
    assert "  until " + MOMENTS[2] in shown
    assert [line.partition(" ")[0] for line in lines[-3:-1]] == ["1.1.0", "ulb-0123456789ab"]
    assert lines[-1].startswith("not on file")


def test_the_quality_of_rules_fits_80_columns() -> None:
    """Six-digit counts of alerts, a million in money, both intervals."""
    found = [
        Quality(
            rule_set="1.0.0",
            rule=name,
            delay_days=14,
            first_day=20260301,
            last_day=20260307,
            purchases=1_234_567,
            alerts=123_456,
            alerts_labelled=12_345,
            frauds_caught=8_345,
            frauds_known=23_456,
            amount_alerted=Decimal(9_999_999),
            amount_caught=Decimal("734567.50"),
            amount_known=Decimal("1234567.50"),
        )
        for name in ("any", *RULES)
    ]
    console = Console(width=80)
    with console.capture() as captured:
        console.print(_quality_table(found))
    shown = captured.get()
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown
    for text in ("123,456", "1,234,568", "6.6 to 6.9", "35.0 to 36.2", "time_anomaly", "20260301"):
        assert shown.count(text) == (1 if text == "time_anomaly" else 6), text
