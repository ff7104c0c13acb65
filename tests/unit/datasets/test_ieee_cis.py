"""The IEEE-CIS files: cards put together, devices joined, times without a date, and the sentences for bad ones."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from streamflow.datasets.ieee_cis import load_ieee_cis
from streamflow.datasets.manifest import SAMPLES
from streamflow.datasets.table import Codes
from streamflow.errors import InputError
from tests.unit.datasets.made_files import IEEE_HEADER, IEEE_ROWS, write_ieee

SAMPLE = SAMPLES / "ieee_cis_sample_transaction.csv.gz"


def test_a_customer_is_what_the_card_and_its_region_say(tmp_path: Path) -> None:
    """The same card in another billing region is another customer; the card itself stays one."""
    table = load_ieee_cis(write_ieee(tmp_path / "train_transaction.csv"), whole=False).table()
    assert table.customer is not None
    assert table.card is not None
    assert table.customer_is_proxy
    assert [table.customer.names[code] for code in table.customer.codes.tolist()] == [
        "13926||150|discover|142|credit|315",
        "13926||150|discover|142|credit|315",
        "2755|404|150|mastercard|102|credit|325",
        "2755|404|150|mastercard|102|credit|",
    ]
    assert table.card.codes.tolist() == [0, 0, 1, 1]
    assert table.amount_minor.tolist() == [6850, 2900, 25, 5000]
    assert table.event_us.tolist() == [86_400_000_000, 86_401_000_000, 90_000_000_000, 172_800_000_000]
    assert not table.has_date
    assert table.missing["addr1"] == 0.25
    assert table.device is None


def test_product_codes_are_those_that_counting_names_one_by_one_gives() -> None:
    """The fast way from categories agrees with Codes.of."""
    read = load_ieee_cis(SAMPLE)
    table = read.table()
    slow = Codes.of([str(name) for name in read.frame["ProductCD"]])
    assert table.product is not None
    assert table.product.names == slow.names == ("C", "H", "R", "S", "W")
    assert np.array_equal(table.product.codes, slow.codes)


def test_the_identity_file_beside_it_gives_devices(tmp_path: Path) -> None:
    """Found by its name, joined by TransactionID, counted in the missing shares."""
    path = write_ieee(tmp_path / "train_transaction.csv")
    (tmp_path / "train_identity.csv").write_text(
        "TransactionID,DeviceType,DeviceInfo\n2,mobile,iOS Device\n3,desktop,\n"
    )
    read = load_ieee_cis(path, whole=False)
    table = read.table()
    assert read.has_identity
    assert "train_identity.csv with sha256" in read.source.detail
    assert table.device is not None
    assert [table.device.names[code] if code >= 0 else None for code in table.device.codes.tolist()] == [
        None,
        "iOS Device",
        None,
        None,
    ]
    assert table.missing["DeviceInfo"] == 0.75


def test_the_archive_of_the_competition_is_read_as_it_is(tmp_path: Path) -> None:
    """Both files come out of one zip, whatever else is in it."""
    path = tmp_path / "ieee-fraud-detection.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sample_submission.csv", "TransactionID,isFraud\n")
        archive.writestr("train_transaction.csv", "\n".join([",".join(IEEE_HEADER), *IEEE_ROWS]))
        archive.writestr("train_identity.csv", "TransactionID,DeviceType,DeviceInfo\n1,mobile,Windows\n")
    table = load_ieee_cis(path, whole=False).table()
    assert len(table) == 4
    assert table.device is not None
    assert table.device.names == ("Windows",)


def test_the_sample_measures_nothing_wherever_a_copy_of_it_lies(tmp_path: Path) -> None:
    """It is known by its bytes and not by its name."""
    copy = tmp_path / "train_transaction.csv.gz"
    shutil.copy(SAMPLE, copy)
    for path in (SAMPLE, copy):
        table = load_ieee_cis(path).table()
        assert (table.source.kind, len(table), table.status) == ("sample", 20_000, "simulated")
        assert int(table.fraud.sum()) == 700


def test_real_rows_with_generated_devices_measure_nothing(tmp_path: Path) -> None:
    """A generated identity file makes the whole a sample."""
    path = write_ieee(
        tmp_path / "mine.csv", [f"298700{number}{row[1:]}" for number, row in zip((5, 6, 7, 8), IEEE_ROWS, strict=True)]
    )
    read = load_ieee_cis(path, SAMPLES / "ieee_cis_sample_identity.csv.gz", whole=False)
    assert read.source.kind == "sample"


@pytest.mark.parametrize(
    ("rows", "header", "pattern"),
    [
        (None, [*IEEE_HEADER[:-1], "address1"], r"the column 'addr1' is missing; was it renamed to 'address1'\?"),
        (None, [name.lower() for name in IEEE_HEADER], r"line 1: the column 'TransactionID' is missing"),
        (None, [*IEEE_HEADER[:-1], "addr3"], r"'addr1' is missing; was it renamed to 'addr3'\?"),
        ([IEEE_ROWS[0], IEEE_ROWS[0]], None, r"line 3: the column 'TransactionID' stands there twice: 1"),
        (["1,0,soon,5,W,1,,150,visa,1,debit,3"], None, r"line 2: the column 'TransactionDT' must be a number"),
        (["1,yes,1,5,W,1,,150,visa,1,debit,3"], None, r"line 2: the column 'isFraud' must be a number, not 'yes'"),
        (["1,0,1,5,,1,,150,visa,1,debit,3"], None, r"line 2: the column 'ProductCD' has no value"),
    ],
)
def test_a_bad_file_is_one_sentence(
    tmp_path: Path, rows: list[str] | None, header: list[str] | None, pattern: str
) -> None:
    """With file, line, column, and what the name was probably changed to."""
    path = write_ieee(tmp_path / "train_transaction.csv", rows, header)
    with pytest.raises(InputError, match=pattern) as caught:
        load_ieee_cis(path, whole=False)
    assert str(caught.value).startswith("train_transaction.csv line")


def test_a_file_that_claims_to_be_the_whole_needs_every_column_and_row(tmp_path: Path) -> None:
    """Columns first, then rows."""
    from streamflow.datasets.facts import facts

    path = write_ieee(tmp_path / "train_transaction.csv")
    with pytest.raises(InputError, match=r"has 12 of 394 columns; 'addr2' is the first that is missing"):
        load_ieee_cis(path)
    names = facts("ieee_cis").files[0].names
    rows = [dict(zip(IEEE_HEADER, row.split(","), strict=True)) for row in IEEE_ROWS]
    lines = [",".join(row.get(name, "") for name in names) for row in rows]
    with pytest.raises(InputError, match=r"has 4 of 590,540 rows"):
        load_ieee_cis(write_ieee(path, lines, list(names)))


def test_an_identity_file_of_other_transactions_is_refused(tmp_path: Path) -> None:
    """A join without a single match is a mistake."""
    path = write_ieee(tmp_path / "train_transaction.csv")
    (tmp_path / "train_identity.csv").write_text("TransactionID,DeviceType,DeviceInfo\n9,mobile,Windows\n")
    with pytest.raises(InputError, match=r"train_identity\.csv shares no TransactionID"):
        load_ieee_cis(path, whole=False)
