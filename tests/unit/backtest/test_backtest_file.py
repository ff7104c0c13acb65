"""A backtest of a file: what is read, what is set aside, what is said of every purchase."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import numpy as np
import pytest

from streamflow.backtest.rows import NEVER_US
from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.contracts.rule_sets import CHECKOUT, load_horizons, load_rule_set
from streamflow.errors import InputError
from streamflow.generator.cells import open_table
from streamflow.generator.own_files import OwnFile
from streamflow.replay.engine import LogRecord, replay
from streamflow.rules.book import Activation, RuleBook
from streamflow.rules.compiler import compile_rule_set
from streamflow.rules.engine import Engine
from tests.unit.backtest.file_cases import HEAD, MAPPING, backtest_of, csv_of, mapping_of, shop_rows

DAY_US = 86_400_000_000


def row(number: int, day: int = 1, amount: str = "10.00", fraud: str = "0", **other: str) -> str:
    """Return one row of a file, all of one customer."""
    cells = {
        "id": f"t{number}",
        "customer": "anna",
        "time": f"2026-03-{day:02d} 12:{number % 60:02d}:00",
        "amount": amount,
        "seller": "s1",
        "lat": "",
        "lon": "",
        "fraud": fraud,
    }
    return ",".join((cells | other).values())


def test_the_streams_alerts_are_the_backtests_on_the_same_file(tmp_path: Path) -> None:
    """What `produce` would send of an unsorted file, replayed, alerts on the same purchases with the same log-odds."""
    rows = shop_rows()
    path, mapping = csv_of(tmp_path, *rows[::2], *rows[1::2]), mapping_of(tmp_path)
    catalogue = Catalogue.load(CHECKOUT)
    table = open_table(path)
    own = OwnFile(table, mapping, time.time_ns() // 1000)
    sent = [one for one in own.emissions(tmp_path / "scratch") if one.topic == TRANSACTIONS_RAW]
    log = [LogRecord(0, offset, one.key, one.value, one.timestamp_ms) for offset, one in enumerate(sent)]
    rule_set = load_rule_set("1.0.0")
    book = RuleBook({"1.0.0": compile_rule_set(rule_set)}, [Activation(0, "1.0.0", "live")])
    stream = replay(log, build_validator(catalogue, "USD"), Engine(book, load_horizons()))

    tested = backtest_of(path, mapping, entries=())
    scored = tested.backtest.scored
    names = [line.partition(",")[0] for line in path.read_text().splitlines()[1:]]
    alerts = {names[place]: int(scored.log_odds_ulo[place]) for place in np.flatnonzero(scored.alert).tolist()}
    assert len(alerts) > 50
    assert alerts == {transaction: item.log_odds_ulo for (_, transaction, _), item in stream.alerts.items()}
    assert len(tested.backtest.purchases) == stream.scored == len(rows)
    assert tested.oddities == {"backwards": 1}
    assert "'produce' sends" in tested.notes[0]


def test_two_processes_give_the_arrays_of_one(tmp_path: Path) -> None:
    """Every array is the same, and so is the order of customers."""
    path, mapping = csv_of(tmp_path, *shop_rows(customers=15)), mapping_of(tmp_path)
    against = load_rule_set("1.1.0")
    one, two = (backtest_of(path, mapping, jobs=jobs, against=against).backtest for jobs in (1, 2))
    assert len(one.purchases) > 300
    assert one.purchases.customers == two.purchases.customers
    assert one.purchases.merchants == two.purchases.merchants
    for name in ("event_us", "amount_minor", "fraud", "known_us", "customer", "merchant"):
        assert np.array_equal(getattr(one.purchases, name), getattr(two.purchases, name)), name
    for mine, theirs in ((one.scored, two.scored), (one.against, two.against)):
        assert mine is not None
        assert theirs is not None
        assert np.array_equal(mine.log_odds_ulo, theirs.log_odds_ulo)
        assert all(np.array_equal(mine.weights_ulo[rule], theirs.weights_ulo[rule]) for rule in mine.weights_ulo)


def test_log_odds_are_prior_and_the_five_weights(tmp_path: Path) -> None:
    """Every purchase's line weights add up to its log-odds."""
    scored = backtest_of(csv_of(tmp_path, *shop_rows()), mapping_of(tmp_path)).backtest.scored
    total = sum(weights.astype(np.int64) for weights in scored.weights_ulo.values())
    assert np.array_equal(scored.log_odds_ulo, total + scored.rule_set.prior_ulo)
    assert {rule for rule, weights in scored.weights_ulo.items() if weights.any()} >= {"high_value", "velocity"}


def test_rows_that_are_no_purchase_are_counted_by_the_contracts_reason(tmp_path: Path) -> None:
    """Refunds, nothing, other currencies, places off the map, no customer, unreadable times: each by its reason."""
    mapping = mapping_of(tmp_path, MAPPING.replace("currency: {constant: USD}", "currency: {column: currency}"))
    head = f"{HEAD},currency"
    rows = [f"{row(number)},USD" for number in range(10)]
    rows += [f"{row(20, amount='-5.00')},USD", f"{row(21, amount='0.00')},USD", f"{row(22)},EUR"]
    rows += [
        f"{row(23, lat='148.2', lon='2.1')},USD",
        f"{row(24, customer='')},USD",
        f"{row(25, time='yesterday')},USD",
    ]
    rows += [f"{row(26, fraud='1')},USD", f"{row(26, fraud='1')},USD", f"{row(26, fraud='1', amount='11.00')},USD"]
    tested = backtest_of(csv_of(tmp_path, *rows, head=head), mapping)
    assert tested.backtest.purchases.set_aside == {
        "bad_timestamp": 1,
        "conflict": 1,
        "duplicate": 1,
        "missing_field": 1,
        "out_of_range": 3,
        "unsupported_currency": 1,
    }
    assert len(tested.backtest.purchases) == 11
    assert tested.backtest.purchases.origin.rows == len(rows)


def test_a_label_with_a_third_value_never_judges_and_is_counted(tmp_path: Path) -> None:
    """The purchase is scored, for it is history, but its label is never known."""
    rows = [row(1), row(2, fraud="1"), row(3, fraud="perhaps"), row(4, day=20)]
    tested = backtest_of(csv_of(tmp_path, *rows), mapping_of(tmp_path))
    purchases = tested.backtest.purchases
    assert len(purchases) == 4
    assert tested.oddities == {"label_unknown": 1}
    assert purchases.known_us[2] == NEVER_US
    assert purchases.mature.tolist() == [True, True, False, False]
    assert purchases.not_applicable == {"geographic": "no coordinates in the source"}


def test_labels_are_known_after_the_delay_and_not_before(tmp_path: Path) -> None:
    """The option goes before the mapping, and the moment of the test before both."""
    path = csv_of(tmp_path, *(row(day, day=day, fraud=str(int(day == 3))) for day in range(1, 11)))
    mapping = mapping_of(tmp_path)
    assert backtest_of(path, mapping).backtest.purchases.mature.sum() == 8
    assert backtest_of(path, mapping, delay_days=5).backtest.purchases.mature.sum() == 5
    early = backtest_of(path, mapping, as_of_us=1_772_668_800_000_000).backtest
    assert early.purchases.mature.sum() == 2
    assert early.period.of(early.purchases.event_us).sum() == 4


def test_a_merchant_is_listed_only_by_labels_that_were_known_when_the_day_began(tmp_path: Path) -> None:
    """Four frauds on day 1, known on day 3: listed from day 4 on, never before; one reported twice counts once."""
    frauds = [row(number, seller="bad", fraud="1", customer=f"x{number}") for number in range(4)]
    good = [row(number, day=1 + number // 40, customer=f"g{number}", seller=f"s{number % 7}") for number in range(240)]
    later = [row(60 + day, day=day, seller="bad", customer=f"y{day}") for day in range(2, 7)]
    path, mapping = csv_of(tmp_path, *frauds, *good, *later), mapping_of(tmp_path)
    backtest = backtest_of(path, mapping).backtest
    purchases = backtest.purchases
    assert purchases.merchant is not None
    bad = np.flatnonzero(purchases.merchant == purchases.merchants.index("bad"))
    listed = [place for place in bad.tolist() if backtest.scored.weights_ulo["blacklist"][place]]
    days = sorted((int(purchases.event_us[place]) // DAY_US) for place in listed)
    assert [day - int(purchases.event_us.min()) // DAY_US for day in days] == [3, 4, 5]

    twice = csv_of(tmp_path, row(1, seller="bad", fraud="1"), row(1, seller="bad", fraud="1"), *good, *later)
    assert not backtest_of(twice, mapping).backtest.scored.weights_ulo["blacklist"].any()


@pytest.mark.parametrize(
    ("change", "rows", "sentence"),
    [
        (("column: seller", "column: sellr"), [row(1, fraud="1")], "has no column 'sellr'; did you mean 'seller'?"),
        (("timezone: UTC\n", ""), [row(1, fraud="1")], "need 'timezone' in the mapping"),
        (("label:", "#label:"), [row(1, fraud="1")], "names no label: a backtest needs 'label'"),
        (("", ""), [row(1), row(2)], "has no fraud: no purchase's 'fraud' is one of 1"),
        (("", ""), [], "has no row that is a purchase"),
        (("", ""), [row(1, amount="-1.00", fraud="1")], "1 out_of_range"),
    ],
)
def test_a_file_of_which_nothing_can_be_said_is_one_sentence(
    tmp_path: Path, change: tuple[str, str], rows: list[str], sentence: str
) -> None:
    """The file and the mapping are named, and what would be right."""
    path, mapping = csv_of(tmp_path, *rows), mapping_of(tmp_path, MAPPING.replace(*change) if change[0] else MAPPING)
    with pytest.raises(InputError, match=r"purchases\.csv|mapping\.yaml") as raised:
        backtest_of(path, mapping)
    assert sentence in str(raised.value)
    assert str(raised.value).count("\n") == 0


def test_an_empty_file_and_damaged_ones_are_one_sentence(tmp_path: Path) -> None:
    """No header, half a gzip, half a Parquet."""
    import pyarrow as pa
    from pyarrow import parquet

    mapping = mapping_of(tmp_path)
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    packed = tmp_path / "half.csv.gz"
    whole = gzip.compress("\n".join([HEAD, *shop_rows()]).encode())
    packed.write_bytes(whole[: len(whole) // 2])
    columns = list(zip(*(line.split(",") for line in shop_rows()), strict=True))
    table = pa.table({name: list(column) for name, column in zip(HEAD.split(","), columns, strict=True)})
    parquet.write_table(table, tmp_path / "whole.parquet")
    half = tmp_path / "half.parquet"
    half.write_bytes((tmp_path / "whole.parquet").read_bytes()[:20_000])
    for path, sentence in ((empty, "is empty"), (packed, "damaged gzip"), (half, "damaged one")):
        with pytest.raises(InputError, match=sentence):
            backtest_of(path, mapping)
    assert len(backtest_of(tmp_path / "whole.parquet", mapping).backtest.purchases) == len(columns[0])
    assert not list((tmp_path / "scratch").iterdir())


def test_a_period_without_purchases_is_refused(tmp_path: Path) -> None:
    """The sentence says from when to when there are any."""
    path = csv_of(tmp_path, row(1, fraud="1"), row(2, day=5))
    with pytest.raises(InputError, match="they reach from 2026-03-01"):
        backtest_of(path, mapping_of(tmp_path), test_from_us=1_800_000_000_000_000)


def test_three_thousand_purchases_of_one_customer_within_the_hour_are_all_scored(tmp_path: Path) -> None:
    """None of them is late, none is lost."""
    rows = [
        row(number, time=f"2026-03-01 12:{number // 60 % 60:02d}:{number % 60:02d}", fraud=str(int(number == 7)))
        for number in range(3000)
    ]
    purchases = backtest_of(csv_of(tmp_path, *rows), mapping_of(tmp_path)).backtest.purchases
    assert len(purchases) == 3000
    assert purchases.set_aside == {}
