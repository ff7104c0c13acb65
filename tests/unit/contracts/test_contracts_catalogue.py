"""Contracts as files: strict reading, nearest names, versions, names as constants."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamflow.contracts import Catalogue, names
from streamflow.contracts.odcs import Contract
from streamflow.contracts.strict import MAX_FILE_BYTES, convert, read_yaml
from streamflow.errors import InputError
from tests.unit.contracts.contract_cases import CONTRACTS, SMALL, catalogue, small


def test_every_contract_loads_and_none_is_missing() -> None:
    """Eight topics, three reference tables, eight bronze, nine silver and eleven gold tables."""
    layers = {
        layer: len({dataset.name for dataset in catalogue().datasets(layer)})
        for layer in ("events", "reference", "bronze", "silver", "gold")
    }
    assert layers == {"events": 8, "reference": 3, "bronze": 8, "silver": 9, "gold": 11}


def test_every_column_says_what_it_is_and_how_it_is_classified() -> None:
    """No column is without a description, and each layer holds personal columns to mask."""
    columns = [column for dataset in catalogue().datasets() for top in dataset.columns for column in top.walk()]
    assert len(columns) > 350
    assert all(column.description for column in columns)
    assert all(any(d.personal for d in catalogue().datasets(layer)) for layer in ("events", "bronze", "silver", "gold"))


def test_every_table_has_a_primary_key_whose_columns_are_required() -> None:
    """A key column that may be null would be no key."""
    tables = [d for layer in ("bronze", "silver", "gold") for d in catalogue().newest(layer)]
    assert len(tables) == 28
    for table in tables:
        assert table.primary_key, table.id
        assert all(table.column(name).required for name in table.primary_key), table.id


def test_checks_have_ids_that_nobody_else_has() -> None:
    """An id is what a report names, beside the version that it reports on."""
    ids = [(dataset.version, check.id) for dataset in catalogue().datasets() for check in dataset.checks]
    assert len(ids) > 1000
    assert len(set(ids)) == len(ids)


def test_every_topic_lands_in_a_bronze_table_that_has_a_contract() -> None:
    """Names of tables come from the topics' contracts."""
    for topic in catalogue().topics():
        assert catalogue().bronze_table_for(topic.name) == names.bronze_table_for(topic.name)
    assert names.bronze_table_for(names.TRANSACTIONS_RAW) == "bronze.raw_transactions"
    assert len(names.TOPICS) == 8
    assert set(names.TOPICS) - set(names.SOURCE_TOPICS) == {names.DEAD_LETTERS}


def test_dead_letters_are_twice_as_large_as_their_sources_and_rules_are_compacted() -> None:
    """A record of the largest size must fit with its headers; a rule set is never forgotten."""
    policies = {topic.name: topic.topic for topic in catalogue().topics()}
    dead, source, rules = (policies[n] for n in (names.DEAD_LETTERS, names.TRANSACTIONS_RAW, names.FRAUD_RULES))
    assert dead is not None
    assert source is not None
    assert rules is not None
    assert dead.max_message_bytes == 2 * source.max_message_bytes
    assert (rules.cleanup_policy, rules.partitions) == ("compact", 1)
    assert (source.cleanup_policy, source.partitions, source.key_field) == ("delete", "setting", "customer_id")


def test_the_vocabulary_of_reasons_is_the_same_in_topic_and_table() -> None:
    """One vocabulary, owned by the contracts."""
    topic = catalogue().topic(names.DEAD_LETTERS).column("reason").enum
    table = catalogue().dataset("bronze", "dead_letters").column("reason").enum
    assert topic == table == names.REASONS


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda c: c.topic("transactions.rw"), "did you mean 'transactions.raw'?"),
        (lambda c: c.dataset("silvr", "customers"), "did you mean 'silver'?"),
        (lambda c: c.dataset("silver", "customer"), "did you mean 'customers'?"),
        (lambda c: c.dataset("silver", "customers", "1.0.1"), "did you mean '1.0.0'?"),
        (lambda c: c.find("fact_transaction"), "did you mean 'fact_transactions'?"),
        (lambda c: c.find("customers"), "write 'reference/customers' or 'silver/customers'"),
        (lambda c: c.by_id("silver/customers"), "write layer/dataset/version"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest_right_one(ask, sentence: str) -> None:  # type: ignore[no-untyped-def]
    """Whoever mistypes reads what was meant."""
    with pytest.raises(InputError) as error:
        ask(catalogue())
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        (
            "logicalType: integer",
            "lgoicalType: integer",
            16,
            "the key 'lgoicalType' is unknown; did you mean 'logicalType'?",
        ),
        ("logicalType: integer", "logicalType: int", 16, "invalid enum value 'int'"),
        ("apiVersion: v3.2.0", "apiVersion: v3.1.0", 1, "invalid enum value 'v3.1.0'"),
        ("version: 1.0.0", "version: 1.0", 5, "expected `str`, got `float`"),
        ("version: 1.0.0", "version: 1.0.1", 5, "the version 1.0.1 is not that of its file, 1.0.0."),
        ("name: small\nversion", "name: smell\nversion", 4, "the name 'smell' is not that of its folder, 'small'."),
        ("required: true", "required: yes", 18, "expected `bool`, got `str`"),
        ("maximum: 9", "maxLength: 9", 21, "the option 'max_length' does not fit the logical type integer"),
        ("maximum: 9", "maximum: 0", 21, "minimum 1 is greater than maximum 0."),
        ("status: active", "status: active\nstatus: draft", 7, "the key 'status' stands twice in one mapping."),
        ("property: producers", "property: produces", 28, "the key 'produces' is unknown; did you mean 'producers'?"),
        ("value: [tests]\n  - property: c", "value: &a [tests]\n  - property: c", 0, ""),
        ("    description: One number.", "    description: !!python/name:os.system x", 13, "is not allowed"),
        ("status: active", "status: [active", 6, "this is no YAML"),
    ],
)
def test_a_wrong_contract_names_its_file_and_line(tmp_path: Path, old: str, new: str, line: int, sentence: str) -> None:
    """Each mistake ends in one sentence with the place and, for names, the nearest valid one."""
    assert old in SMALL
    loaded = small(tmp_path, SMALL.replace(old, new, 1))
    if not sentence:
        assert loaded.dataset("silver", "small").version == "1.0.0"
        return
    with pytest.raises(InputError) as error:
        loaded.dataset("silver", "small")
    assert sentence in str(error.value)
    assert "1.0.0.odcs.yaml" in str(error.value)
    if "no YAML" not in sentence:
        assert f"line {line}:" in str(error.value)


def test_an_alias_is_refused_before_it_can_multiply(tmp_path: Path) -> None:
    """Ten levels of ten aliases would be ten thousand million values."""
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
    path = tmp_path / "bomb.yaml"
    path.write_text(bomb)
    with pytest.raises(InputError, match="anchors and aliases are not allowed"):
        read_yaml(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "is no UTF-8"),
        (b"a: " + b"x" * MAX_FILE_BYTES, "bytes; at most"),
        (b"a: " + b"[" * 100 + b"]" * 100, "nested deeper than 40 levels"),
        (b"? [a]\n: b", "a key must be plain text"),
    ],
)
def test_a_file_that_is_no_contract_at_all_ends_in_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    """Empty, binary, huge, deep or odd files are refused by name."""
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        convert(read_yaml(path), Contract)


def test_scalars_mean_what_they_say(tmp_path: Path) -> None:
    """NO is Norway, a date is text, 1:30 is no number of seconds."""
    path = tmp_path / "file.yaml"
    path.write_text("[NO, yes, 2026-03-01, 1:30, 0x10, 012, 1e3, .5, true, null, ~, '1']")
    assert read_yaml(path).data == ["NO", "yes", "2026-03-01", "1:30", "0x10", 12, 1000.0, 0.5, True, None, None, "1"]


def test_a_folder_without_contracts_is_named(tmp_path: Path) -> None:
    """A wrong root says what it should hold."""
    with pytest.raises(InputError, match="There are no contracts under"):
        Catalogue.load(tmp_path)


def test_newest_means_the_highest_number(tmp_path: Path) -> None:
    """1.10.0 comes after 1.9.0, whatever the alphabet says."""
    for version in ("1.9.0", "1.10.0"):
        path = tmp_path / "silver" / "small" / f"{version}.odcs.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SMALL.replace("version: 1.0.0", f"version: {version}"))
    loaded = Catalogue.load(tmp_path)
    assert loaded.versions("silver", "small") == ("1.9.0", "1.10.0")
    assert loaded.latest("silver", "small").version == "1.10.0"


def test_contracts_follow_the_published_standard_in_their_top_level_words() -> None:
    """Each file has the fields that ODCS requires, and its own name as its folder."""
    files = sorted(CONTRACTS.glob("*/*/*.odcs.yaml"))
    assert len(files) == len(list(catalogue().datasets())) >= 37
    for path in files:
        data = read_yaml(path).data
        assert {"version", "apiVersion", "kind", "id"} <= set(data), path
        assert data["apiVersion"] == "v3.2.0", path
