"""An alert is explained by what the stream wrote, and by the customer's own purchases run through the engine again."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from streamflow.errors import InputError
from streamflow.quality.explanation import explain_alert
from streamflow.reader import reading
from streamflow.settings import Settings
from tests.commands import in_process
from tests.integration.test_quality.conftest import HOME
from tests.integration.test_quality.tampering import Tamper

ALERTS = "SELECT alert_id::text, customer_id, transaction_id FROM silver.fraud_alerts WHERE is_alert ORDER BY 1"
DOUBLED = """
    UPDATE bronze.raw_fraud_decisions
    SET raw_payload = jsonb_set(raw_payload, '{lines,0,observed}', '12345')
    WHERE raw_payload ->> 'alert_id' = (
        SELECT min(raw_payload ->> 'alert_id') FROM bronze.raw_fraud_decisions WHERE raw_payload ->> 'is_alert' = 'true'
    )
"""


def alerts(world: Settings) -> list[tuple[Any, ...]]:
    """Return the alerts of the world."""
    with reading(world, "silver_db") as silver:
        return silver.execute(ALERTS).fetchall()


def streamflow(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line on the platform of these tests."""
    return in_process(*arguments, STREAMFLOW_HOME=str(HOME), COLUMNS="160")


def test_every_alert_is_rebuilt_from_bronze_with_the_lines_that_the_stream_sent(world: Settings) -> None:
    """So that what an analyst is shown is why it fired, not a guess afterwards."""
    found = [explain_alert(world, alert_id) for alert_id, _, _ in alerts(world)]
    assert len(found) >= 10
    assert all(one.agrees for one in found)
    for one in found:
        assert one.moment.habits is not None
        around = one.moment.around(12, 4)
        mine = [entry for entry in around if entry.purchase.transaction_id == one.stored["transaction_id"]]
        assert mine
        shown = {entry.purchase.transaction_id for entry in one.moment.entries}
        assert set(one.stored["evidence"]) <= shown


def test_a_purchase_finds_its_alert_and_the_sum_of_its_lines(world: Settings) -> None:
    """Prior and five lines add up to the log-odds that the score stands for."""
    alert_id, customer, transaction = alerts(world)[0]
    told = json.loads(streamflow("explain", "alert", f"{customer}/{transaction}", "--json").stdout)
    assert told["decision"]["alert_id"] == alert_id
    assert told["agrees"] is True
    assert len(told["decision"]["lines"]) == 5
    total = told["prior_ulo"] + sum(line["weight_ulo"] for line in told["decision"]["lines"])
    assert total == told["decision"]["log_odds_ulo"]
    assert sum(row["is_this"] for row in told["purchases"]) >= 1


def test_a_reader_sees_the_lines_the_habits_and_the_purchases_around_it(world: Settings) -> None:
    """In one screen, in words."""
    alert_id, _, transaction = alerts(world)[0]
    shown = streamflow("explain", "alert", alert_id)
    assert shown.returncode == 0, shown.stderr
    for words in ("prior", "high_value", "blacklist", "Known of the customer then", "this one", transaction):
        assert words in shown.stdout
    assert "the same lines, byte for byte" in shown.stdout


def test_a_decision_that_bronze_does_not_bear_out_is_called_so_and_ends_with_one(tamper: Tamper) -> None:
    """Somebody changed what the stream wrote, or the stream erred."""
    with tamper("bronze_db", "bronze.raw_fraud_decisions", DOUBLED) as changed:
        assert changed >= 1
        with_settings = streamflow("explain", "alert", _smallest())
    assert with_settings.returncode == 1
    assert "gives other lines" in with_settings.stdout


def _smallest() -> str:
    from streamflow.settings import load_settings

    with reading(load_settings(home=HOME), "bronze_db") as bronze:
        row = bronze.execute(
            "SELECT min(raw_payload ->> 'alert_id') FROM bronze.raw_fraud_decisions "
            "WHERE raw_payload ->> 'is_alert' = 'true'"
        ).fetchone()
    assert row is not None
    return str(row[0])


def test_an_id_that_nothing_has_is_one_sentence(world: Settings) -> None:
    """Which names the command that lists alerts."""
    with pytest.raises(InputError, match="holds no alert 00000000-0000"):
        explain_alert(world, "00000000-0000-0000-0000-000000000000")
    with pytest.raises(InputError, match="holds no decision about the purchase nobody/nothing"):
        explain_alert(world, "nobody/nothing")


def test_a_decision_about_a_late_purchase_is_rebuilt_by_the_state_of_its_own_time(world: Settings) -> None:
    """What the batch wrote to silver, and the same from the customer's records in bronze."""
    with reading(world, "silver_db") as silver:
        found = silver.execute(
            "SELECT alert_id::text, customer_id, transaction_id FROM silver.late_decisions"
        ).fetchall()
    assert found
    for alert_id, customer, transaction in found:
        by_id = explain_alert(world, alert_id)
        assert by_id.late
        assert by_id.agrees
        assert by_id.moment.habits is not None
        mine = [one for one in by_id.moment.entries if one.purchase.transaction_id == transaction]
        assert mine[0].disposition == "late"
        assert explain_alert(world, f"{customer}/{transaction}").agrees
    shown = streamflow("explain", "alert", found[0][0])
    assert shown.returncode == 0, shown.stderr
    assert "late, judged by the batch" in shown.stdout
