"""Two major versions of one topic side by side: each record is judged by the version that it states.

transactions.raw 1.0.0   merchant_id   device_id
transactions.raw 2.0.0   seller_id     -            (renamed, needed now; removed)
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from streamflow.contracts import Catalogue, Validator, build_validator
from streamflow.contracts.catalogue import SUFFIX
from streamflow.contracts.engines import models, names
from streamflow.contracts.examples import try_examples
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.contracts.releasing import release
from streamflow.contracts.side_by_side import conflicts
from streamflow.contracts.subjects import compare, read_subject
from streamflow.errors import InputError
from tests.unit.contracts.contract_cases import NOW_MS, PURCHASE, encode
from tests.unit.contracts_versions.version_cases import RAW, checkout, contract_text, put, swap, within

OLD = PURCHASE
NEW = {name: value for name, value in PURCHASE.items() if name not in ("merchant_id", "device_id")} | {
    "schema_version": "2.0.0",
    "seller_id": "m-00123",
}
KEY = b"c-00042"


def second_major(text: str) -> str:
    """Rename one field and make it needed, and take another out."""
    start = text.index("      - name: device_id")
    end = text.index("      - name: channel")
    text = text[:start] + text[end:]
    text = swap("- name: merchant_id", "- name: seller_id")(text)
    return within("seller_id", "        classification", "        required: true\n        classification")(text)


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a contracts folder with both majors and examples of each."""
    folder = checkout(tmp_path_factory.mktemp("majors"))
    put(folder, f"{RAW}/2.0.0{SUFFIX}", contract_text(RAW, "2.0.0", second_major))
    put(folder, f"{RAW}/examples/2.0.0/valid/full.json", json.dumps(NEW))
    wrong = {"reason": "missing_field", "record": {k: v for k, v in NEW.items() if k != "seller_id"}}
    put(folder, f"{RAW}/examples/2.0.0/invalid/seller_missing.json", json.dumps(wrong))
    return folder


@cache
def validator_of(folder: Path) -> Validator:
    """Compile once."""
    return build_validator(Catalogue.load(folder), "USD")


def test_records_of_both_majors_are_accepted_each_by_its_own_version(contracts: Path) -> None:
    """No unknown field is seen, so each went through its own checks."""
    validator = validator_of(contracts)
    for record in (OLD, NEW):
        verdict = validator(TRANSACTIONS_RAW, KEY, encode(record), NOW_MS)
        assert (verdict.reason, verdict.status) == (None, "accepted"), verdict.detail
        assert verdict.schema_version == verdict.contract_version == record["schema_version"]
        assert verdict.record == record


def test_a_record_that_mixes_the_majors_is_judged_by_the_version_that_it_states(contracts: Path) -> None:
    """An old field in a new record is unknown; a new record without its new field is rejected."""
    validator = validator_of(contracts)
    mixed = validator(TRANSACTIONS_RAW, KEY, encode({**NEW, "device_id": "d-1"}), NOW_MS)
    assert (mixed.status, mixed.contract_version) == ("accepted_unknown_fields", "2.0.0")
    stated = validator(TRANSACTIONS_RAW, KEY, encode({**OLD, "schema_version": "2.0.0"}), NOW_MS)
    assert (stated.reason, stated.contract_version) == ("missing_field", "2.0.0")
    assert stated.detail == "The field 'seller_id' is missing."
    neither = validator(TRANSACTIONS_RAW, KEY, encode({**NEW, "schema_version": "3.0.0"}), NOW_MS)
    assert neither.reason == "unknown_schema_version"
    assert "known: 1.0.0, 2.0.0" in neither.detail


def test_both_majors_are_compiled_and_neither_takes_the_record_of_the_other(contracts: Path) -> None:
    """The straight-line function of each says yes to its own record and asks the judge for the other."""
    compiled = validator_of(contracts)._topics[TRANSACTIONS_RAW]
    assert list(compiled) == ["1.0.0", "2.0.0"]
    for version, mine, other in (("1.0.0", OLD, NEW), ("2.0.0", NEW, OLD)):
        fast = compiled[version].fast
        assert fast is not None
        assert fast(mine, encode(mine).count(b'"'), KEY, NOW_MS) is not None
        assert fast(other, encode(other).count(b'"'), KEY, NOW_MS) is None


def test_both_majors_land_in_the_one_bronze_table_of_the_topic(contracts: Path) -> None:
    """Names are those of the topic, so names.py is what it was with one major."""
    catalogue = Catalogue.load(contracts)
    assert catalogue.versions("events", TRANSACTIONS_RAW) == ("1.0.0", "2.0.0")
    assert catalogue.bronze_table_for(TRANSACTIONS_RAW) == "bronze.raw_transactions"
    assert len(catalogue.topics()) == 8
    rendered = names.render(catalogue)
    assert rendered == Path(names.__file__).parents[1].joinpath("names.py").read_text()


def test_the_models_of_two_majors_have_names_of_their_own(contracts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest keeps the plain name; the older one says which it is."""
    generated = models.render(Catalogue.load(contracts))
    module = ModuleType("two_majors")
    # Pydantic looks the names in annotations up in the module that sys.modules has.
    monkeypatch.setitem(sys.modules, "two_majors", module)
    exec(compile(generated.text, "two_majors", "exec"), module.__dict__)  # noqa: S102
    newest, older = module.TransactionsRaw, module.TransactionsRawV1
    assert module.MODELS[TRANSACTIONS_RAW] is newest
    assert module.OLDER_MODELS[TRANSACTIONS_RAW, 1] is older
    assert newest.model_validate_json(encode(NEW)).seller_id == "m-00123"
    assert older.model_validate_json(encode(OLD)).merchant_id == "m-00123"
    assert "device_id" not in newest.model_fields
    with pytest.raises(ValueError, match="seller_id"):
        newest.model_validate_json(encode(OLD))


def test_each_major_is_tried_with_its_own_examples(contracts: Path) -> None:
    """The new one has a folder of its own; the old one keeps those that were there."""
    catalogue = Catalogue.load(contracts)
    tried = {one: try_examples(catalogue, {f"{RAW}/{one}"}) for one in ("1.0.0", "2.0.0")}
    assert (tried["2.0.0"].valid, tried["2.0.0"].invalid) == (1, 1)
    assert tried["1.0.0"].valid >= 6
    assert tried["1.0.0"].faults == tried["2.0.0"].faults == []


def test_the_second_major_is_released_beside_the_first(contracts: Path) -> None:
    """The difference asks for it: a field renamed and needed, another gone."""
    name = f"{RAW}/2.0.0{SUFFIX}"
    difference = compare(read_subject(contracts, f"{RAW}/1.0.0{SUFFIX}"), read_subject(contracts, name))
    assert [change.what for change in difference.changes] == [
        "merchant_id: renamed to seller_id, as it seems",
        "seller_id: now needed",
        "device_id: column removed",
    ]
    assert conflicts(Catalogue.load(contracts)) == []
    assert release(contracts, [name]).names == (name,)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("value: raw_transactions", "value: raw_events", "share one topic, but not its bronze_table"),
        ("value: setting", "value: 4", "share one topic, but not its partitions"),
    ],
)
def test_versions_that_disagree_about_the_topic_itself_are_refused(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    """Partitions and the bronze table belong to the topic, not to a version."""
    folder = checkout(tmp_path)
    put(folder, f"{RAW}/2.0.0{SUFFIX}", contract_text(RAW, "2.0.0", swap(old, new)))
    with pytest.raises(InputError, match=sentence):
        release(folder, [])
