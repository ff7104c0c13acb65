"""A user's own file as columns: the contract judges each row, and what is set aside is counted by reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from streamflow.calibration.own import own_table
from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.rule_sets import CHECKOUT
from streamflow.datasets.table import PurchaseTable
from streamflow.errors import InputError
from streamflow.generator.mapping import load_mapping

pytestmark = pytest.mark.unit

MAPPING = """\
timezone: UTC
fields:
  transaction_id: {column: id}
  customer_id: {column: who}
  event_timestamp: {column: at}
  amount_minor: {column: total, money: {}}
  currency: {constant: USD}
  merchant_id: {column: seller}
  latitude: {column: lat}
  longitude: {column: lon}
label: {column: state, positive: [fraud], negative: [ok], delay_days: 2}
"""
HEAD = "id,who,at,total,seller,lat,lon,state\n"
ROWS = """\
1,anna,2025-03-01T09:00:00,10.00,shop-a,52.5,13.4,ok
2,anna,2025-03-01T10:00:00,25.50,,,,fraud
3,bert,2025-03-02T10:00:00,-4.00,shop-a,52.5,13.4,ok
4,bert,yesterday,4.00,shop-a,52.5,13.4,ok
5,bert,2025-03-02T12:00:00,4.00,shop-a,52.5,13.4,perhaps
6,carl,2025-03-02T13:00:00,4.00,shop-b,52.5,,ok
"""


class Reader:
    """Reads files by the contracts of the checkout."""

    def __init__(self) -> None:
        catalogue = Catalogue.load(CHECKOUT)
        self._contract = catalogue.topic("transactions.raw")
        self._validator = build_validator(catalogue, "USD")

    def __call__(
        self, folder: Path, text: str, mapping: str = MAPPING, kind_of: Callable[[Path], str] | None = None
    ) -> PurchaseTable:
        """Write a file and its mapping, and read them."""
        (folder / "shop.csv").write_text(text)
        (folder / "shop.yaml").write_text(mapping)
        known = load_mapping(folder / "shop.yaml", self._contract)
        return own_table(folder / "shop.csv", known, self._validator, kind_of=kind_of)


@pytest.fixture(scope="module")
def read() -> Reader:
    """What reads a file."""
    return Reader()


def test_rows_are_kept_or_set_aside_by_a_reason(tmp_path: Path, read: Reader) -> None:
    """Three purchases; a refund, a time that is none and a label that nobody explained are counted."""
    table = read(tmp_path, HEAD + ROWS)
    assert table.amount_minor.tolist() == [1000, 2550, 400]
    assert table.set_aside == {"bad_timestamp": 1, "label_unknown": 1, "out_of_range": 1}
    assert table.source.rows == 6
    assert table.fraud.tolist() == [False, True, False]


def test_names_places_and_labels_become_columns(tmp_path: Path, read: Reader) -> None:
    """A missing merchant is no merchant, half a place is none, a label is known two days later."""
    table = read(tmp_path, HEAD + ROWS)
    assert table.customer is not None
    assert table.merchant is not None
    assert [table.customer.names[code] for code in table.customer.codes] == ["anna", "anna", "carl"]
    assert table.merchant.codes.tolist() == [0, -1, 1]
    assert table.latitude is not None
    assert np.isnan(table.latitude).tolist() == [False, True, True]
    assert table.known_us is not None
    assert (table.known_us - table.event_us == 2 * 86_400_000_000).all()
    assert table.missing["merchant_id"] == pytest.approx(1 / 3)
    assert table.device is None


def test_a_file_is_real_unless_it_is_a_sample_of_ours(tmp_path: Path, read: Reader) -> None:
    """Figures on it are measured; on a file whose hash is a sample's they are simulated."""
    table = read(tmp_path, HEAD + ROWS)
    assert (table.source.kind, table.status) == ("file", "measured")
    sample = read(tmp_path, HEAD + ROWS, kind_of=lambda _: "sample")
    assert (sample.source.kind, sample.status) == ("sample", "simulated")


@pytest.mark.parametrize(
    ("text", "mapping", "said"),
    [
        (HEAD, MAPPING, r"has no row that is a purchase under .*the file holds none"),
        (HEAD + "1,anna,2025-03-01T09:00:00,-1.00,,,,ok\n", MAPPING, r"has no row that is a purchase .*1 out_of_range"),
        (HEAD + "1,anna,2025-03-01T09:00:00,1.00,,,,ok\n", MAPPING, r"has no fraud: no row's 'state' is one of fraud"),
        (HEAD + ROWS, MAPPING.partition("label:")[0], r"names no label"),
        (HEAD.replace("total", "totals") + ROWS, MAPPING, r"has no column 'total'; did you mean 'totals'\?"),
        ("", MAPPING, r"is empty"),
    ],
)
def test_a_file_that_cannot_teach_is_one_sentence(
    tmp_path: Path, read: Reader, text: str, mapping: str, said: str
) -> None:
    """It names the file or the mapping, and what to look at."""
    with pytest.raises(InputError, match=said):
        read(tmp_path, text, mapping)
