"""A candidate that ran as a shadow beside the live rule set, in a real warehouse, decision by decision.

```
day    1 ......... 5 .................... 20 ....... 21 .......... 30
1.0.0  live ............................................................
2.0.0              shadow ................ not ...... shadow ...........
```
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from streamflow.contracts.names import BRONZE_TABLES, FRAUD_DECISIONS, FRAUD_RULES
from streamflow.contracts.rule_sets import RULES, load_rule_set
from streamflow.contracts.timestamps import parse_us
from streamflow.errors import InputError
from streamflow.quality.shadow import Comparison, compare
from streamflow.settings import Settings
from streamflow.warehouse.transforms import bronze_to_silver
from tests.commands import in_process
from tests.integration.test_warehouse.bronze_rows import Row, Stream, generated, rule_record, write
from tests.integration.test_warehouse.test_warehouse_late_purchases import burst
from tests.servers import superuser

NEWEST = "2026-03-30T00:00:00Z"


def at(day: int) -> str:
    """Return noon of a day of March."""
    return f"2026-03-{day:02d}T12:00:00Z"


class Shop:
    """Writes purchases with what both rule sets said about them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stream = Stream(settings, detect=False)
        self.rows: list[Row] = []

    def purchase(
        self, name: str, day: int, minor: int, *, live: str = "", shadow: str = "", fraud_on: int | None = None
    ) -> None:
        """Add a purchase; `live` and `shadow` name the rule that alerted, `fraud_on` the day of the chargeback."""
        self.rows += self.stream.purchase(name, at(day), amount_minor=minor)
        for version, role, rule in (("1.0.0", "live", live), ("2.0.0", "shadow", shadow)):
            if rule:
                self.decision(name, day, version, role, rule)
        if fraud_on is not None:
            self.rows += self.stream.chargeback(f"e-{name}", name, at(fraud_on))

    def decision(self, name: str, day: int, version: str, role: str, rule: str, **fields: Any) -> None:
        """Add a decision in which one rule adds weight."""
        lines = [
            {"rule": one, "applicable": True, "weight_ulo": 5_000_000 if one == rule else 0, "sentence": "By hand."}
            | dict.fromkeys(("measure", "strength", "band", "observed", "limit", "unit"))
            for one in RULES
        ]
        given = {"rule_set": version, "role": role, "is_alert": True, "lines": lines} | fields
        self.rows += self.stream.decision(name, at(day), FRAUD_DECISIONS, **given)

    def roles(self, roles: Iterable[tuple[str, str]]) -> None:
        """Publish 1.0.0 as live from the beginning, and 2.0.0 in roles from days on."""
        self.rows += list(self.stream.rules())
        given = rule_record(self.settings) | {"version": "2.0.0"}
        given["rule_set"] = given["rule_set"] | {"version": "2.0.0"}
        for role, effective_from in roles:
            record = given | {"role": role, "effective_from": effective_from}
            self.rows += self.stream.record(FRAUD_RULES, "rule_set/2.0.0", record, effective_from)

    def load(self) -> None:
        """Bring everything into silver."""
        write(self.settings, self.rows)
        self.rows = []
        bronze_to_silver(self.settings, "test")


@pytest.fixture
def shop(warehouse: Settings) -> Shop:
    """Give eight purchases that both ran on, and some that only one did."""
    shop = Shop(warehouse)
    shop.roles([("shadow", "2026-03-05T00:00:00Z")])
    shop.purchase("before", 4, 9000, live="velocity", fraud_on=6)
    shop.purchase("both-fraud", 6, 5000, live="velocity", shadow="velocity", fraud_on=8)
    shop.purchase("both-fine", 7, 1000, live="high_value", shadow="velocity")
    shop.purchase("gained-fraud", 8, 7000, shadow="high_value", fraud_on=10)
    shop.purchase("gained-fine", 9, 1200, shadow="high_value")
    shop.purchase("lost-fraud", 10, 3000, live="velocity", fraud_on=12)
    shop.purchase("lost-fine", 11, 800, live="velocity")
    shop.purchase("gained-young", 28, 6000, shadow="geographic", fraud_on=29)
    shop.purchase("missed", 12, 2500, fraud_on=14)
    shop.purchase("quiet", 29, 100)
    shop.purchase("below", 13, 400)
    shop.decision("below", 13, "2.0.0", "shadow", "velocity", is_alert=False, score=0.1)
    shop.purchase("taken-back", 14, 600, live="velocity")
    shop.decision("taken-back", 14, "1.0.0", "live", "velocity", revision=1, status="withdrawn", is_alert=False)
    shop.rows += shop.stream.verdict("v-fine", "both-fine", at(9), "legitimate")
    shop.rows += shop.stream.purchase("newest", NEWEST)
    shop.load()
    return shop


def counts(found: Comparison) -> dict[str, tuple[int, int, int]]:
    """Return alerts, frauds and money of each side."""
    return {side: (one.alerts, one.frauds, one.money_minor) for side, one in found.sides.items()}


def test_gained_lost_and_both_are_counted_with_money_and_labels(shop: Shop) -> None:
    """On purchases that both ran on; a score below the threshold and an alert taken back are none."""
    found = compare(shop.settings, "2.0.0")
    assert (found.candidate, found.against) == ("2.0.0", "1.0.0")
    assert (found.purchases, found.frauds, found.frauds_minor) == (12, 5, 23_500)
    assert counts(found) == {"both": (2, 1, 6000), "gained": (3, 2, 14_200), "lost": (2, 1, 3800)}
    assert [tally.cleared for tally in found.sides.values()] == [1, 0, 0]
    mine, theirs = found.whole()
    assert (mine.alerts, mine.frauds, mine.frauds_minor) == (5, 3, 18_000)
    assert (theirs.alerts, theirs.frauds, theirs.frauds_minor) == (4, 2, 8000)
    assert [(share.part, share.whole) for share in found.recall()] == [(3, 5), (2, 5)]


def test_precision_waits_until_labels_have_come(shop: Shop) -> None:
    """By the log's clock; the young fraud counts where labels known so far do, and not in precision."""
    found = compare(shop.settings, "2.0.0")
    assert found.as_of == datetime(2026, 3, 30, tzinfo=UTC)
    assert found.mature_until == datetime(2026, 3, 23, tzinfo=UTC)
    mine, theirs = (tally.precision for tally in found.whole())
    assert (mine.part, mine.whole, mine.value) == (2, 4, 0.5)
    assert (theirs.part, theirs.whole) == (2, 4)
    assert 0 < mine.low < 0.5 < mine.high < 1
    early = compare(shop.settings, "2.0.0", label_delay_days=1)
    assert early.sides["gained"].mature == 3
    wall = compare(shop.settings.model_copy(update={"clock": "wall"}), "2.0.0")
    assert wall.as_of.date() == datetime.now(UTC).date()


def test_alerts_are_told_by_rule_and_by_day(shop: Shop) -> None:
    """A rule counts where its line adds weight: the live one's lines for what was lost, the candidate's else."""
    found = compare(shop.settings, "2.0.0")
    rules = {rule: tuple(tally.alerts for tally in tallies.values()) for rule, tallies in found.rules.items()}
    assert rules == {
        "high_value": (0, 2, 0),
        "velocity": (2, 0, 2),
        "geographic": (0, 1, 0),
        "time_anomaly": (0, 0, 0),
        "blacklist": (0, 0, 0),
    }
    assert sum(found.day_purchases.values()) == 12
    assert found.days[date(2026, 3, 8)]["gained"].frauds == 1
    assert date(2026, 3, 4) not in found.day_purchases
    assert date(2026, 3, 12) not in found.days


def test_the_dearest_alerts_that_one_alone_raised_come_first_and_name_nobody(shop: Shop) -> None:
    """Alert, purchase, money and rules; no customer anywhere."""
    found = compare(shop.settings, "2.0.0")
    assert [one.transaction_id for one in found.examples["gained"]] == ["gained-fraud", "gained-young", "gained-fine"]
    assert [one.transaction_id for one in found.examples["lost"]] == ["lost-fraud", "lost-fine"]
    assert found.examples["gained"][0].fired == ("high_value",)
    assert '"c1"' not in json.dumps(found.as_dict())


def test_since_and_the_end_of_a_shadow_bound_what_counts(shop: Shop) -> None:
    """From the tenth on; and nothing while the candidate was live in place of the other one."""
    found = compare(shop.settings, "2.0.0", since_us=parse_us(at(10)))
    assert counts(found) == {"both": (0, 0, 0), "gained": (1, 1, 6000), "lost": (2, 1, 3800)}
    shop.roles([("live", "2026-03-20T00:00:00Z")])
    shop.load()
    found = compare(shop.settings, "2.0.0", "1.0.0")
    assert [end is not None for _, end in found.spans] == [True]
    assert counts(found)["gained"] == (2, 1, 8200)


def test_it_counts_what_the_engine_decided(warehouse: Settings) -> None:
    """A simulated week with two rule sets in one engine; each side is recounted from the decisions sent.

    Beside them stand the alerts that the batch gave about late purchases.
    """
    shadow = rule_record(warehouse, "2026-01-07T00:00:00Z") | {"version": "2.0.0", "role": "shadow"}
    shadow["rule_set"] = load_rule_set("1.0.0", warehouse.contracts_dir).payload() | {"version": "2.0.0"}
    # Alerts from twice the average on, and none for odd hours.
    shadow["rule_set"]["rules"]["high_value"]["measures"]["ratio_to_mean"]["bands"][0]["at_least"] = 2
    shadow["rule_set"]["rules"]["time_anomaly"]["measures"]["deviation_sigma"]["bands"] = []
    stream = Stream(warehouse, also=[shadow])
    rows = [*stream.rules(), *stream.record(FRAUD_RULES, "rule_set/2.0.0", shadow, shadow["effective_from"])]
    rows += stream.rows(generated(warehouse, purchases=1500, days=7))
    write(warehouse, rows)
    bronze_to_silver(warehouse, "test")
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for table, row in rows:
        if table == BRONZE_TABLES[FRAUD_DECISIONS]:
            sent = json.loads(row[8])
            key = (f"{sent['customer_id']}/{sent['transaction_id']}", sent["rule_set"])
            if key not in newest or newest[key]["revision"] <= sent["revision"]:
                newest[key] = sent
    alerts = {
        version: {
            purchase
            for (purchase, of), sent in newest.items()
            if of == version and sent["is_alert"] and sent["event_timestamp"] >= shadow["effective_from"]
        }
        for version in ("1.0.0", "2.0.0")
    }
    found = compare(warehouse, "2.0.0")
    live, candidate = alerts["1.0.0"], alerts["2.0.0"]
    wanted = {"both": live & candidate, "gained": candidate - live, "lost": live - candidate}
    assert min(map(len, wanted.values())) >= 5
    assert {side: tally.alerts - tally.late for side, tally in found.sides.items()} == {
        side: len(purchases) for side, purchases in wanted.items()
    }
    assert found.late >= sum(tally.late for tally in found.sides.values()) > 0
    assert 1000 < found.purchases < 1500
    assert found.frauds > 0


def test_late_purchases_count_once_the_batch_has_judged_them_by_both(warehouse: Settings) -> None:
    """The sixth in ten minutes comes late: the live velocity alerts, a candidate without it does not."""
    begin = "2026-03-01T00:00:00Z"
    shadow = rule_record(warehouse, begin) | {"version": "2.0.0", "role": "shadow"}
    shadow["rule_set"] = shadow["rule_set"] | {"version": "2.0.0"}
    shadow["rule_set"]["rules"]["velocity"]["measures"]["purchases"]["bands"] = []
    stream = Stream(warehouse, detect=False)
    rows = [row for part in burst(stream) for row in part]
    rows += stream.record(FRAUD_RULES, "rule_set/2.0.0", shadow, begin)
    rows += stream.chargeback("e5", "t5", "2026-03-02T13:00:00Z")
    write(warehouse, rows)
    bronze_to_silver(warehouse, "test")
    found = compare(warehouse, "2.0.0")
    assert (found.purchases, found.late, found.late_waiting, found.frauds) == (7, 1, 0, 1)
    assert {side: (one.alerts, one.late, one.frauds) for side, one in found.sides.items()} == {
        "both": (0, 0, 0),
        "gained": (0, 0, 0),
        "lost": (1, 1, 1),
    }
    with superuser(warehouse, "silver_db") as silver:
        silver.execute("UPDATE silver.clean_transactions SET fraud_score = NULL, is_alert = NULL WHERE is_late")
    found = compare(warehouse, "2.0.0")
    assert (found.purchases, found.late, found.late_waiting, found.frauds) == (6, 0, 1, 0)
    assert sum(one.alerts for one in found.sides.values()) == 0


def test_what_cannot_be_compared_is_one_sentence(warehouse: Settings, shop: Shop) -> None:
    """Which rule set, and what to run."""
    for arguments, said in (
        (("2.1.0",), "Rule set 2.1.0 was never published; did you mean '2.0.0'?"),
        (("1.0.0",), "Rule set 1.0.0 never ran as a shadow: run 'streamflow rules publish 1.0.0 --shadow'"),
        (("2.0.0", "2.0.0"), "Rule set 2.0.0 cannot be compared with itself"),
    ):
        with pytest.raises(InputError) as error:
            compare(warehouse, *arguments)
        assert str(error.value).startswith(said)


def test_an_empty_warehouse_says_what_is_missing(warehouse: Settings) -> None:
    """Migrated, and nothing in it."""
    with pytest.raises(InputError, match="The warehouse holds no published rule set yet"):
        compare(warehouse, "2.0.0")


def test_the_command_shows_it_to_people_and_to_machines(shop: Shop, tmp_path: Path) -> None:
    """Tables that fit a terminal of 80 columns; a page that needs no network; JSON."""
    host, port = shop.settings.postgres.address()
    environment = {
        "STREAMFLOW_HOME": str(shop.settings.state),
        "STREAMFLOW_POSTGRES__HOST": host,
        "STREAMFLOW_POSTGRES__PORT": str(port),
        "STREAMFLOW_POSTGRES__PASSWORDS": json.dumps(shop.settings.postgres.passwords),
    }

    def run(*arguments: str, columns: int = 200) -> subprocess.CompletedProcess[str]:
        return in_process("rules", "compare", *arguments, **environment, COLUMNS=str(columns))

    told = run("2.0.0", "--report", str(tmp_path / "page.html"))
    assert told.returncode == 0, told.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "On 12 purchases that both ran on, 5 of them known to be fraud, 2.0.0 gains 3 alerts and loses 2." in page
    assert 'src="http' not in page
    found = json.loads(page.partition('id="comparison">')[2].partition("</script>")[0])
    assert (found["purchases"], found["sides"]["lost"]["alerts"], found["late"]) == (12, 2, 0)
    narrow = run("2.0.0", columns=80).stdout
    assert max(map(len, narrow.splitlines())) <= 80
    assert narrow.count("\u2026") == 0
    assert "gained-fraud" in narrow
    assert "Rule set 2.0.0 beside 1.0.0 on 12 purchases that both ran on" in told.stdout
    assert "2.0.0 alone (gained)" in told.stdout
    assert "50.0% (15.0% to 85.0%)" in told.stdout
    machine = run("2.0.0", "--with", "1.0.0", "--json")
    assert machine.returncode == 0, machine.stderr
    plain = json.loads(machine.stdout)
    assert plain["sides"]["gained"]["alerts"] == 3
    assert plain["alerts"]["2.0.0"]["precision_interval"][0] < 0.5
    wrong = run("2.0.0", "--since", "yesterday")
    assert wrong.returncode == 2
    assert "--since must be a time with zone" in wrong.stderr
