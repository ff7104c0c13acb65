"""Samples: what their generators give, near what is published, known by hash, and never measured."""

from __future__ import annotations

import gzip
import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from streamflow.calibration.samples import DAYS, sample_files
from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.contracts.rule_sets import CHECKOUT
from streamflow.datasets.facts import facts
from streamflow.datasets.ieee_cis import load_ieee_cis
from streamflow.datasets.manifest import NAME, SAMPLES, kind_of, kind_of_file, load_manifest
from streamflow.datasets.samples import SampleFile, check_samples, write_samples
from streamflow.datasets.ulb import load_ulb
from streamflow.errors import EnvironmentNotReady, InputError, StreamFlowError
from streamflow.generator.cells import open_table
from streamflow.generator.mapping import load_mapping

CONTRACT = Catalogue.load(CHECKOUT).topic(TRANSACTIONS_RAW)
MAPPINGS = CHECKOUT.parent / "data" / "mappings"


def test_every_sample_is_what_its_generator_gives() -> None:
    """All five, the manifest included."""
    manifest = check_samples(sample_files())
    assert sorted(manifest.samples) == [
        "ieee_cis_sample_identity.csv.gz",
        "ieee_cis_sample_transaction.csv.gz",
        "purchases.csv.gz",
        "seven_orders.csv",
        "ulb_sample.csv.gz",
    ]
    assert {one.kind for one in manifest.samples.values()} == {"sample"}


def test_no_file_lies_in_the_folder_that_the_manifest_does_not_know() -> None:
    """A file that is left out would count as real."""
    assert {path.name for path in SAMPLES.iterdir()} == {NAME, *load_manifest().samples}
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) < 4_000_000


def test_a_sample_is_known_by_its_bytes_and_by_the_csv_inside() -> None:
    """Anything else is a file."""
    path = SAMPLES / "purchases.csv.gz"
    packed = hashlib.sha256(path.read_bytes()).hexdigest()
    inside = hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()
    other = hashlib.sha256(b"mine").hexdigest()
    assert [kind_of(packed), kind_of(inside), kind_of(other, None), kind_of(other, inside)] == [
        "sample",
        "sample",
        "file",
        "sample",
    ]


def test_a_sample_that_was_packed_anew_is_still_a_sample(tmp_path: Path) -> None:
    """Its own bytes are unknown, the CSV inside is not."""
    packed, mine = tmp_path / "mine.csv.gz", tmp_path / "other.csv"
    packed.write_bytes(gzip.compress(gzip.decompress((SAMPLES / "purchases.csv.gz").read_bytes()), 1))
    mine.write_text("a,b\n1,2\n")
    assert kind_of_file(packed) == "sample"
    assert kind_of_file(mine) == "file"
    packed.write_bytes(packed.read_bytes()[:1000])
    with pytest.raises(InputError, match=r"mine\.csv\.gz cannot be read"):
        kind_of_file(packed)


def test_a_changed_sample_or_manifest_is_found_and_the_command_that_mends_it_named(tmp_path: Path) -> None:
    """A row more, a file less, a hash that is another."""
    made = (SampleFile("one.csv.gz", "a shape", lambda: b"a,b\n1,2\n"), SampleFile("hand.csv", "a shape", None))
    (tmp_path / "hand.csv").write_bytes(b"a\n1\n2\n")
    manifest = write_samples(made, tmp_path)
    assert {name: one.rows for name, one in manifest.samples.items()} == {"one.csv.gz": 1, "hand.csv": 2}
    assert check_samples(made, tmp_path) == manifest
    good = (tmp_path / "one.csv.gz").read_bytes()
    (tmp_path / "one.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n3,4\n"))
    with pytest.raises(StreamFlowError, match=r"one\.csv\.gz is not what its generator gives: run 'streamflow data"):
        check_samples(made, tmp_path)
    (tmp_path / "one.csv.gz").write_bytes(good)
    (tmp_path / "hand.csv").write_bytes(b"a\n1\n")
    with pytest.raises(StreamFlowError, match=r"manifest\.json does not hold the hashes"):
        check_samples(made, tmp_path)
    (tmp_path / "hand.csv").unlink()
    with pytest.raises(StreamFlowError, match=r"hand\.csv is missing"):
        check_samples(made, tmp_path)


def test_a_sample_packed_by_another_zlib_is_the_same_sample(tmp_path: Path) -> None:
    """What is compared is the CSV inside; the file is left as it is."""
    made = (SampleFile("one.csv.gz", "a shape", lambda: b"a,b\n" + b"1,2\n" * 1000),)
    write_samples(made, tmp_path)
    other = gzip.compress(b"a,b\n" + b"1,2\n" * 1000, 1, mtime=0)
    (tmp_path / "one.csv.gz").write_bytes(other)
    write_samples(made, tmp_path)
    assert (tmp_path / "one.csv.gz").read_bytes() == other


def test_without_its_manifest_nothing_can_be_called_a_file(tmp_path: Path) -> None:
    """A missing manifest is an error, not an empty one."""
    with pytest.raises(EnvironmentNotReady, match="cannot be told from a real file"):
        load_manifest(tmp_path)


def test_the_ulb_sample_lies_near_what_is_published() -> None:
    """Quartiles of amounts and times, share of frauds and of duplicates."""
    frame = load_ulb(SAMPLES / "ulb_sample.csv.gz").frame
    known = facts("ulb").figures
    assert len(frame) == 20_000
    amounts = frame.loc[frame["Class"] == 0, "Amount"].quantile([0.25, 0.5, 0.75]).to_numpy() * 100
    published = [known["amounts.legitimate.quantiles"].value[key] for key in ("0.25", "0.5", "0.75")]
    assert np.allclose(amounts, published, rtol=0.05)
    assert frame["Class"].mean() == pytest.approx(known["fraud.rate"].value, rel=0.05)
    assert frame.duplicated().mean() == pytest.approx(1081 / 284_807, rel=0.05)
    assert frame["Time"].quantile(0.5) == pytest.approx(known["time.quantiles"].value["0.5"], rel=0.02)


def test_the_ieee_cis_sample_lies_near_what_is_published() -> None:
    """Amounts, products, fraud by product, missing shares and the reuse of card1."""
    frame = load_ieee_cis(SAMPLES / "ieee_cis_sample_transaction.csv.gz").frame
    known = facts("ieee_cis").figures
    assert len(frame) == 20_000
    amounts = frame["TransactionAmt"].quantile([0.25, 0.5, 0.75, 0.95, 0.99]).to_numpy() * 100
    published = [known["amounts.all.quantiles"].value[key] for key in ("0.25", "0.5", "0.75", "0.95", "0.99")]
    assert np.allclose(amounts, published, rtol=0.03)
    shares = frame["ProductCD"].value_counts(normalize=True)
    assert max(abs(shares[name] - share) for name, share in known["product.shares"].value.items()) < 0.01
    assert frame["isFraud"].mean() == pytest.approx(known["fraud.rate"].value, rel=0.05)
    lacking = frame.isna().mean()
    wanted = {name: share for name, share in known["missing.transaction"].value.items() if name in frame}
    assert len(wanted) == 16
    assert max(abs(lacking[name] - share) for name, share in wanted.items()) < 0.02
    assert frame["card1"][:1500].nunique() == pytest.approx(577, rel=0.1)


def test_the_shop_export_is_labelled_purchases_that_its_mapping_reads_without_a_fault() -> None:
    """Forty thousand rows in its days; the platform sets none aside."""
    mapping = load_mapping(MAPPINGS / "purchases.yaml", CONTRACT)
    table = open_table(SAMPLES / "purchases.csv.gz")
    read = mapping.reader(table.columns, table.path)
    rows = [read(row, row.number) for row in table]
    assert len(rows) == 40_006
    times = [row.event_us for row in rows if row.event_us is not None]
    assert len(times) == len(rows)
    assert times == sorted(times)
    assert DAYS - 1 < (times[-1] - times[0]) / 86_400_000_000 < DAYS
    assert sum(bool(row.label) for row in rows) / len(rows) == pytest.approx(0.025, abs=0.001)
    assert all(isinstance(row.record["amount_minor"], int) and row.record["amount_minor"] > 0 for row in rows)
    for field in ("customer_id", "merchant_id", "card_id", "device_id", "product_id", "latitude"):
        share = sum(field in row.record for row in rows) / len(rows)
        assert share > 0.8, field


def test_the_hand_written_example_is_read_by_its_mapping(tmp_path: Path) -> None:
    """Seven rows, three of them wrong on purpose."""
    shutil.copy(SAMPLES / "seven_orders.csv", tmp_path)
    mapping = load_mapping(MAPPINGS / "seven_orders.yaml", CONTRACT)
    table = open_table(tmp_path / "seven_orders.csv", delimiter=";")
    read = mapping.reader(table.columns, table.path)
    rows = [read(row, row.number) for row in table]
    assert len(rows) == 7
    assert sum(bool(row.label) for row in rows) >= 1
