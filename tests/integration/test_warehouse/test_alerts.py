"""An analyst's way: see alerts, say what they are, in ones or as a file, and see how good the rules have been."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from streamflow.contracts.names import EVENTS_RAW, FRAUD_ALERTS
from streamflow.errors import InputError
from streamflow.rules.model import alert_id
from streamflow.settings import Settings
from streamflow.warehouse import alerts
from streamflow.warehouse.rule_quality import quality
from streamflow.warehouse.transforms import bronze_to_silver, silver_to_gold
from streamflow.warehouse.verdict_files import read_verdicts
from streamflow.warehouse.verdicts import Prepared, Wish, emissions, prepare
from tests.integration.test_warehouse.bronze_rows import Row, Stream, write
from tests.integration.test_warehouse.snapshots import query

DAYS = [f"2026-03-{day:02d}T09:00:00Z" for day in range(2, 5)]
LATER = "2026-03-25T09:00:00Z"
NOW = datetime(2026, 3, 25, 9, tzinfo=UTC)


@pytest.fixture
def stream(warehouse: Settings) -> Stream:
    """Give three purchases of c1, each with an alert of the live rule set, and a fourth without, three weeks later."""
    stream = Stream(warehouse, detect=False)
    rows: list[Row] = [*stream.rules(), *stream.purchase("t9", LATER)]
    for number, at in enumerate(DAYS, start=1):
        rows += stream.purchase(f"t{number}", at)
        rows += stream.decision(f"t{number}", at)
        rows += stream.decision(f"t{number}", at, FRAUD_ALERTS, revision=0, status="new")
    _load(warehouse, rows)
    return stream


def _load(settings: Settings, rows: list[Row]) -> None:
    write(settings, rows)
    bronze_to_silver(settings, "test")
    silver_to_gold(settings, "test")


def _id(transaction_id: str) -> str:
    return str(alert_id("c1", transaction_id, "1.0.0"))


def _wish(transaction_id: str, label: str, note: str | None = None) -> Wish:
    return Wish(0, label, note, alert_id=_id(transaction_id))


def _deliver(settings: Settings, stream: Stream, prepared: Prepared, *, load: bool = True) -> None:
    """Bring verdicts to bronze as ingestion would, and load them."""
    rows = list(stream.rows(emissions(prepared.records)))
    assert [row[0] for row in rows] == ["bronze.raw_events"] * len(prepared.records), "a verdict became a dead letter"
    if load:
        _load(settings, rows)
    else:
        write(settings, rows)


@pytest.mark.usefixtures("stream")
def test_alerts_are_listed_with_what_is_known_of_them(warehouse: Settings) -> None:
    """The newest first; by time, rule and label."""
    found = alerts.list_alerts(warehouse)
    assert [one.transaction_id for one in found] == ["t3", "t2", "t1"]
    assert (found[0].alert_id, found[0].rules, str(found[0].amount)) == (_id("t3"), ("velocity",), "10.00")
    assert found[0].label is None
    begin = alerts.since("22d", NOW)
    assert [one.transaction_id for one in alerts.list_alerts(warehouse, begin=begin)] == ["t3", "t2"]
    assert alerts.list_alerts(warehouse, rule="geographic") == []
    assert len(alerts.list_alerts(warehouse, rule="velocity", limit=2)) == 2


def test_a_withdrawn_alert_is_not_listed_and_a_labelled_one_only_if_asked(warehouse: Settings, stream: Stream) -> None:
    """What is left is the analyst's work."""
    _load(
        warehouse,
        [
            *stream.decision("t1", DAYS[0], FRAUD_ALERTS, revision=1, status="withdrawn", is_alert=False),
            *stream.verdict("v1", "t2", DAYS[2], "fraud"),
        ],
    )
    assert [one.transaction_id for one in alerts.list_alerts(warehouse)] == ["t3", "t2"]
    assert [one.transaction_id for one in alerts.list_alerts(warehouse, unlabelled=True)] == ["t3"]


def test_a_verdict_comes_home_and_is_shown_with_the_alert(warehouse: Settings, stream: Stream) -> None:
    """From the analyst's wish through the log to silver; its time is the platform's."""
    now = alerts.now_of(warehouse)
    assert now == NOW
    _deliver(warehouse, stream, prepare(warehouse, [_wish("t1", "fraud", "stolen card")], "ada", now))
    shown = alerts.show_alert(warehouse, _id("t1"))
    assert shown["label"] == "fraud"
    assert len(shown["lines"]) == 5
    said = {"label": "fraud", "source": "verdict", "analyst": "ada", "note": "stolen card", "known_at": LATER}
    assert shown["statements"] == [said]


def test_running_it_twice_sends_nothing_twice(warehouse: Settings, stream: Stream) -> None:
    """Before the event is in bronze it has the same id; after, it is known as said, in silver or on its way there."""
    wish = [_wish("t1", "fraud")]
    first, second = (prepare(warehouse, wish, "ada", NOW) for _ in range(2))
    assert first.records == second.records != []
    _deliver(warehouse, stream, first, load=False)
    for _ in range(2):
        again = prepare(warehouse, wish, "ada", NOW)
        assert (again.records, len(again.repeats)) == ([], 1)
        bronze_to_silver(warehouse, "test")


def test_an_analyst_may_come_back_to_an_earlier_verdict_if_they_say_so(warehouse: Settings, stream: Stream) -> None:
    """Fraud, legitimate, fraud: the third is no repeat of the first, even before any of them is loaded."""
    _deliver(warehouse, stream, prepare(warehouse, [_wish("t1", "fraud")], "ada", NOW), load=False)
    _deliver(warehouse, stream, prepare(warehouse, [_wish("t1", "legitimate")], "ada", NOW), load=False)
    assert prepare(warehouse, [_wish("t1", "fraud")], "ada", NOW).records == []
    _deliver(warehouse, stream, prepare(warehouse, [_wish("t1", "fraud")], "ada", NOW, again=True))
    rows = query(warehouse, "silver_db", "SELECT label, jsonb_array_length(statements) FROM silver.labels")
    assert rows == [("fraud", 3)]


def test_a_verdict_is_never_older_than_what_its_analyst_has_seen(warehouse: Settings, stream: Stream) -> None:
    """The log's clock may stand still behind the newest chargeback."""
    known = "2026-03-25T11:30:00Z"
    _load(warehouse, stream.chargeback("e1", "t1", known))
    _deliver(warehouse, stream, prepare(warehouse, [_wish("t1", "legitimate")], "ada", NOW))
    rows = query(warehouse, "silver_db", "SELECT label, source, known_at FROM silver.labels")
    assert rows == [("legitimate", "verdict", datetime.fromisoformat(known))]


def test_a_file_is_sent_but_for_the_lines_that_say_nothing_usable(
    warehouse: Settings, stream: Stream, tmp_path: Path
) -> None:
    """Each with its line and its reason; a purchase without alert can be labelled too."""
    file = tmp_path / "reviewed.csv"
    file.write_text(
        "alert_id,customer_id,transaction_id,verdict,note\n"
        f"{_id('t1')},,,fraud,\n"
        ',c1,t9,legitimate,"called, and\nremembers it"\n'
        f"{_id('t2')},,,frod,\n"
        "6ba7b810-9dad-51d1-80b4-00c04fd430c8,,,fraud,\n"
        ",c1,t404,fraud,\n"
        ",c1,,fraud,\n"
        ",c1,t1,legitimate,\n"
        "only,three,cells\n",
        encoding="utf-8",
    )
    wishes, unread = read_verdicts(file)
    prepared = prepare(warehouse, wishes, "ada", NOW)
    reasons = {one.line: one.reason for one in [*unread, *prepared.aside]}
    assert reasons == {
        5: "'frod' is no verdict; did you mean 'fraud'?",
        6: "silver has no alert 6ba7b810-9dad-51d1-80b4-00c04fd430c8",
        7: "silver has no purchase t404 of that customer",
        8: "it names no purchase: an alert_id, or a customer_id and a transaction_id",
        9: "line 2 is about the same purchase",
        10: "it has another number of columns than the header",
    }
    assert [one["verdict"].get("note") for one in prepared.records] == [None, "called, and\nremembers it"]
    _deliver(warehouse, stream, prepared)
    rows = query(warehouse, "silver_db", "SELECT transaction_id, label FROM silver.labels ORDER BY 1")
    assert rows == [("t1", "fraud"), ("t9", "legitimate")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty; its first line names the columns"),
        ("alert_id,verdict\n", "holds no verdict"),
        ("alert_id,verdct\na,fraud\n", "no column 'verdct'; did you mean 'verdict'"),
        ("alert_id,note\na,b\n", "has no column 'verdict'"),
        ("transaction_id,verdict\na,fraud\n", "it needs alert_id, or customer_id and transaction_id"),
        ("alert_id,verdict,verdict\na,fraud,fraud\n", "the column 'verdict' stands twice"),
        ('alert_id,verdict\n"a,fraud\n', "is no CSV after line 1"),
        ("\udcff", "is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused_whole(tmp_path: Path, text: str, sentence: str) -> None:
    """One sentence that names the file and the place."""
    file = tmp_path / "reviewed.csv"
    file.write_bytes(text.encode("utf-8", errors="surrogateescape"))
    with pytest.raises(InputError, match=sentence):
        read_verdicts(file)


@pytest.mark.usefixtures("stream")
def test_an_analyst_whose_name_breaks_the_contract_is_told_before_anything_is_sent(warehouse: Settings) -> None:
    """Ingestion would make it a dead letter."""
    with pytest.raises(InputError, match=rf"breaks the contract of {EVENTS_RAW} \(bad_pattern"):
        prepare(warehouse, [_wish("t1", "fraud")], "Ada Lovelace", NOW)


@pytest.mark.parametrize("text", ["28", "d", "0d", "yesterday", "2026-03-01"])
def test_a_span_is_a_length_or_a_time_with_zone(text: str) -> None:
    """Anything else is refused with examples."""
    with pytest.raises(InputError, match=r"write a length as 28d or 12h, or a time as 2026-03-01T00:00:00Z"):
        alerts.since(text, NOW)


def test_quality_sums_days_whose_labels_are_all_known(warehouse: Settings, stream: Stream) -> None:
    """Two of three alerts are labelled, one as fraud; one fraud was missed; with intervals by Wilson."""
    _load(
        warehouse,
        [
            *stream.purchase("t4", DAYS[0]),
            *stream.chargeback("e4", "t4", DAYS[1]),
            *stream.chargeback("e1", "t1", DAYS[2]),
            *stream.verdict("v2", "t2", DAYS[2], "legitimate"),
        ],
    )
    (found,) = quality(warehouse, NOW, rule="any", delay_days=14)
    assert (found.first_day, found.last_day, found.purchases) == (20260302, 20260304, 4)
    assert (found.alerts, found.alerts_labelled, found.frauds_caught, found.frauds_known) == (3, 2, 1, 2)
    assert (found.precision.value, found.recall.value) == (1 / 3, 1 / 2)
    assert 0 < found.precision.low < 1 / 3 < found.precision.high < 1
    by_day = quality(warehouse, NOW, rule="any", delay_days=14, by=lambda day: day)
    assert [one.frauds_caught for one in by_day] == [1, 0, 0]
    assert len(quality(warehouse, NOW, rule="any", delay_days=30)) == 0
    # The day of 4 March is whole for a delay of 14 days from 19 March 00:00 on, and not before.
    (before,) = quality(warehouse, datetime(2026, 3, 18, 23, 59, tzinfo=UTC), rule="any", delay_days=14)
    assert before.last_day == 20260303
