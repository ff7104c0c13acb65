"""A file of the user's own becomes records in time order, labels become chargebacks, and files survive a round trip."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import EVENTS_RAW, TRANSACTIONS_RAW
from streamflow.errors import InputError
from streamflow.generator import emission_files
from streamflow.generator.cells import open_table
from streamflow.generator.faults import HOSTILE
from streamflow.generator.mapping import Mapped, load_mapping
from streamflow.generator.own_files import OwnFile
from streamflow.generator.records import Emission
from streamflow.generator.time_order import in_time_order
from tests.unit.generator.worlds import CONTRACTS

CATALOGUE = Catalogue.load(CONTRACTS)
MAPPING = load_mapping(CONTRACTS.parent / "data" / "mappings" / "tabformer.yaml", CATALOGUE.topic(TRANSACTIONS_RAW))
VALIDATOR = build_validator(CATALOGUE, "USD")
NOW_US = 1_767_225_600_000_000  # 2026-01-01
HEADER = "User,Card,Year,Month,Day,Time,Amount,Use Chip,Merchant Name,Merchant City,Is Fraud?"
DAY_MS = 86_400_000


def own_file(tmp_path: Path, rows: list[str], name: str = "own.csv") -> OwnFile:
    """Return a pass over a file of these rows."""
    path = tmp_path / name
    data = ("\n".join([HEADER, *rows]) + "\n").encode("utf-8", "surrogateescape")
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return OwnFile(open_table(path), MAPPING, NOW_US, VALIDATOR)


def row(day: int, *, amount: str = "$10.00", fraud: str = "No", year: int = 2015, merchant: str = "-77") -> str:
    """Return a row of a day in May, at noon."""
    return f"0,3,{year},5,{day},12:00,{amount},Chip Transaction,{merchant},La Verne,{fraud}"


@pytest.mark.parametrize("name", ["own.csv", "own.csv.gz"])
def test_rows_go_out_by_event_time_and_chargebacks_between_them(tmp_path: Path, name: str) -> None:
    """Days of May; F is fraud, c its chargeback three days later.

    file   20F 1 2 3 4F 5 6 7 8
    log    1 2 3 4F 5 6 7 c 8 ... 20F c    (on a tie the label is first: it was known at that instant)
    """
    days = [20, 1, 2, 3, 4, 5, 6, 7, 8]
    own = own_file(tmp_path, [row(day, fraud="Yes" if day in {20, 4} else "No") for day in days], name)
    records = list(own.emissions(tmp_path))
    stamps = [one.timestamp_ms for one in records]
    assert stamps == sorted(stamps)
    line = [(one.topic == EVENTS_RAW, json.loads(one.value or b"")["event_timestamp"][8:10]) for one in records]
    assert [day for is_label, day in line if not is_label] == ["01", "02", "03", "04", "05", "06", "07", "08", "20"]
    assert [index for index, (is_label, _) in enumerate(line) if is_label] == [6, 10]
    assert [day for is_label, day in line if is_label] == ["07", "23"]
    assert own.counts["rows"] == 9
    assert own.counts["labels"] == own.counts["chargebacks"] == 2


def test_a_label_goes_out_at_its_own_moment_however_long_the_next_purchase_takes(tmp_path: Path) -> None:
    """Two purchases a fortnight apart: the label between them is sent three days after the first, not fourteen."""
    own = own_file(tmp_path, [row(1, fraud="Yes"), row(15)])
    records = list(own.emissions(tmp_path))
    assert [one.topic for one in records] == [TRANSACTIONS_RAW, EVENTS_RAW, TRANSACTIONS_RAW]
    assert records[1].timestamp_ms - records[0].timestamp_ms == 3 * DAY_MS
    for one in records:
        assert VALIDATOR(one.topic, one.key, one.value, one.timestamp_ms).reason is None


def test_refunds_and_odd_rows_are_sent_and_told_by_reason(tmp_path: Path) -> None:
    """Nothing is dropped: nine rows in, nine records out."""
    rows = [
        row(1),
        row(2, amount="$-99.00"),
        row(3, amount="free"),
        row(4, amount="$1,409.40".replace(",", "")),
        "0,3,2015,5,9,12:00",
        "0,3,2015,13,45,12:00,$1.00,Chip Transaction,-77,La Verne,No",
        row(5, merchant="caf\udce9"),
        row(6, merchant="two words"),
        row(7, year=2099),
    ]
    own = own_file(tmp_path, rows)
    assert len(list(own.emissions(tmp_path))) == own.counts["rows"] == 9
    told = {name.removeprefix("set_aside."): count for name, count in own.counts.items() if "set_aside" in name}
    assert told == {
        "out_of_range": 1,
        "wrong_type": 1,
        "missing_field": 1,
        "bad_timestamp": 1,
        "not_utf8": 1,
        "bad_pattern": 1,
        "event_time_out_of_range": 1,
    }
    assert own.counts["ragged"] == 1


def test_the_clock_of_a_run_never_passes_the_present(tmp_path: Path) -> None:
    """Neither for a row of the future nor for a label that would be known tomorrow."""
    path = tmp_path / "own.csv"
    path.write_text(f"{HEADER}\n0,3,2025,12,31,12:00,$5,Chip Transaction,1,x,Yes\n{row(1, year=2099)}\n", "utf-8")
    records = list(OwnFile(open_table(path), MAPPING, NOW_US, VALIDATOR).emissions(tmp_path))
    assert len(records) == 3
    assert max(one.timestamp_ms for one in records) * 1000 <= NOW_US


def test_a_label_without_identity_or_time_is_told(tmp_path: Path) -> None:
    """It can charge nothing back."""
    own = own_file(tmp_path, ["0,3,,,,,$1.00,Chip Transaction,-77,La Verne,Yes", row(2, fraud="Perhaps")])
    assert len(list(own.emissions(tmp_path))) == 2
    assert own.counts["no_chargeback"] == 1
    assert own.counts["label_unknown"] == 1


def test_sorting_from_disk_equals_sorting_in_memory(tmp_path: Path) -> None:
    """In chunks of seven, ties in the file's order, unreadable times at their place; nothing stays on disk."""
    times = [5, 3, 9, None, 1, 1, 8, None, 2, 7, 7, 4, 3, 2, 1, 6, None, 0, 5]
    rows = [Mapped({"n": n, "s": "\udce9"}, time, None, rounded=False) for n, time in enumerate(times)]
    small = list(in_time_order(rows, tmp_path, chunk_rows=7))
    assert small == list(in_time_order(rows, tmp_path))
    assert len(small) == len(times)
    seen = [one.event_us for one in small if one.event_us is not None]
    assert seen == sorted(seen)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\x1f\x8b\x08\x00broken", "damaged gzip"),
        (b"a;b;c\n1;2;3\n", "has no column 'Amount'"),
        (b"PAR1 no table", "has no column 'Amount'"),
    ],
)
def test_a_file_that_is_no_table_is_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    """It names the file."""
    path = tmp_path / "own.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        list(OwnFile(open_table(path), MAPPING, NOW_US).emissions(tmp_path))


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    """A slip of the finger."""
    (tmp_path / "purchases.csv").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match=r"did you mean 'purchases\.csv'\?"):
        open_table(tmp_path / "purchase.csv")


def test_parquet_is_read_as_csv_is_and_a_truncated_one_is_refused(tmp_path: Path) -> None:
    """Types become text, nulls become nothing."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "own.parquet"
    parquet.write_table(pyarrow.table({"a": [1, None], "b": [1.5, 2.25], "c": ["x", None]}), path)
    table = open_table(path)
    assert table.columns == ["a", "b", "c"]
    assert [one.cells for one in table] == [["1", "1.5", "x"], ["", "2.25", ""]]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="damaged"):
        open_table(path)


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
def test_hostile_bytes_survive_a_file_of_records(tmp_path: Path, name: str) -> None:
    """Null and empty values stay apart; the same records make the same bytes."""
    records = [
        Emission(TRANSACTIONS_RAW, hostile.key or b"\xff", hostile.body, 1000 + number)
        for number, hostile in enumerate(HOSTILE)
    ]
    path, again = tmp_path / name, tmp_path / f"again-{name}"
    emission_files.write(path, records, lambda _: None)
    emission_files.write(again, records, lambda _: None)
    assert list(emission_files.read(path)) == records
    assert path.read_bytes() == again.read_bytes()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"{}", "missing required field `topic`"),
        (b'{"topic":"t","timestamp_ms":5,"key":"k","value":"v","x":1}', "unknown field `x`"),
        (b'{"topic":"t","timestamp_ms":5,"value":"v"}', "neither 'key' nor 'key_b64'"),
        (b'{"topic":"t","timestamp_ms":5,"key":"k"}', "neither 'value' nor 'value_b64'"),
        (b'{"topic":"t","timestamp_ms":0,"key":"k","value":"v"}', "goes backwards"),
        (b"nonsense", "line 2 is no emission"),
    ],
)
def test_a_damaged_file_of_records_names_the_line(tmp_path: Path, line: bytes, sentence: str) -> None:
    """The second line is wrong here."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(b'{"topic":"t","timestamp_ms":4,"key":"k","value":"v"}\n' + line + b"\n")
    with pytest.raises(InputError, match="line 2") as caught:
        list(emission_files.read(path))
    assert sentence in str(caught.value)


def test_the_shipped_sample_goes_through_its_mapping(tmp_path: Path) -> None:
    """Seven rows, three of them wrong on purpose, one fraud."""
    data = CONTRACTS.parent / "data"
    mapping = load_mapping(data / "mappings" / "seven_orders.yaml", CATALOGUE.topic(TRANSACTIONS_RAW))
    table = open_table(data / "sample" / "seven_orders.csv", mapping.file.delimiter, mapping.file.encoding)
    own = OwnFile(table, mapping, NOW_US, VALIDATOR)
    records = [json.loads(one.value or b"") for one in own.emissions(tmp_path)]
    assert records[2]["amount_minor"] == 124_900
    assert records[2]["merchant_id"].startswith("Elektro_Co-")
    told = {name: count for name, count in own.counts.items() if "set_aside" in name}
    assert told == {"set_aside.out_of_range": 1, "set_aside.wrong_type": 1, "set_aside.not_in_enum": 1}
    assert own.counts["rows"] == 7
    assert own.counts["chargebacks"] == 1
