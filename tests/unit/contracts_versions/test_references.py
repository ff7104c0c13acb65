"""References between contracts, and of a contract to its own fields: a missing one or a circle names its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamflow.contracts import Catalogue
from streamflow.contracts.catalogue import SUFFIX
from streamflow.contracts.examples import try_examples
from streamflow.contracts.review import find_subject
from streamflow.errors import InputError
from tests.unit.contracts.contract_cases import CONTRACTS, catalogue
from tests.unit.contracts_versions.version_cases import RAW, Text, checkout, contract_text, put, swap

REFERENCE = "events/reference.raw"
LATE = "events/transactions.late"
BY_CONTRACT = """\
        customProperties:
          - property: contract
            value: events/transactions.late/1.0.0
servers:"""


def test_every_reference_that_is_shipped_is_found() -> None:
    """Four: three entities of reference data, and the purchase inside a late one."""
    from streamflow.contracts.references import references

    found = [named for one in catalogue().datasets() for _, named in references(one.contract.schema[0])]
    assert sorted(found) == [
        "events/transactions.raw/1.0.0",
        "reference/customers/1.0.0",
        "reference/products/1.0.0",
        "reference/stores/1.0.0",
    ]


def line_of(text: str, part: str) -> int:
    """Return the line in which a text stands."""
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


@pytest.mark.parametrize(
    ("name", "change", "part", "sentence"),
    [
        (
            REFERENCE,
            swap("reference/customers/1.0.0", "reference/customer/1.0.0"),
            "property: contractByField",
            "there is no contract 'reference/customer/1.0.0'; did you mean 'reference/customers/1.0.0'?",
        ),
        (
            LATE,
            swap("value: events/transactions.raw/1.0.0", "value: events/transactions.raw/1.0.1"),
            "property: contract",
            "there is no contract 'events/transactions.raw/1.0.1'; did you mean 'events/transactions.raw/1.0.0'?",
        ),
        (
            REFERENCE,
            swap("field: entity\n              contracts", "field: entities\n              contracts"),
            "property: contractByField",
            "contractByField names the field 'entities', which is not described; did you mean 'entity'?",
        ),
        (
            RAW,
            swap("value: customer_id", "value: customers_id"),
            "property: keyField",
            "keyField names the field 'customers_id', which is not described; did you mean 'customer_id'?",
        ),
        (
            RAW,
            swap("value: event_timestamp", "value: event_time"),
            "property: eventTimeField",
            "eventTimeField names the field 'event_time', which is not described; did you mean 'event_timestamp'?",
        ),
        (
            "gold/fact_transactions",
            swap("            - customer_id\n            - trans", "            - customer\n            - trans"),
            "- id: natural_key",
            "the rule 'natural_key' names the field 'customer', which is not described;",
        ),
    ],
)  # fmt: skip
def test_a_missing_reference_names_file_line_and_the_nearest(
    tmp_path: Path, name: str, change: Text, part: str, sentence: str
) -> None:
    """It is found when the contract is read, whoever reads it."""
    folder = checkout(tmp_path)
    text = contract_text(name, "1.0.0", change)
    path = put(folder, f"{name}/1.0.0{SUFFIX}", text)
    with pytest.raises(InputError) as error:
        Catalogue.load(folder).by_id(f"{name}/1.0.0")
    assert str(error.value).startswith(f"{path} line {line_of(text, part)}: {sentence}")


def test_contracts_that_refer_to_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    """transactions.late holds a purchase; a purchase that held a late one would never end."""
    folder = checkout(tmp_path)
    put(folder, f"{RAW}/1.0.0{SUFFIX}", contract_text(RAW, "1.0.0", swap("servers:", _nested())))
    with pytest.raises(InputError) as error:
        Catalogue.load(folder).by_id(f"{RAW}/1.0.0")
    circle = f"{RAW}/1.0.0 -> {LATE}/1.0.0 -> {RAW}/1.0.0"
    assert f"the contracts refer to each other in a circle: {circle}." in str(error.value)
    assert " line " in str(error.value)


def _nested() -> str:
    field = "      - name: late\n        logicalType: object\n        physicalType: object\n"
    return f"{field}        classification: personal\n        description: Itself.\n{BY_CONTRACT}"


def test_a_contract_that_refers_to_itself_is_a_circle_too(tmp_path: Path) -> None:
    """The shortest one."""
    folder = checkout(tmp_path)
    change = swap("reference/customers/1.0.0", "events/reference.raw/1.0.0")
    put(folder, f"{REFERENCE}/1.0.0{SUFFIX}", contract_text(REFERENCE, "1.0.0", change))
    with pytest.raises(InputError, match=f"in a circle: {REFERENCE}/1.0.0 -> {REFERENCE}/1.0.0"):
        Catalogue.load(folder).by_id(f"{REFERENCE}/1.0.0")


def test_an_example_that_passes_when_it_should_fail_is_named(tmp_path: Path) -> None:
    """The reason that it states is not found."""
    folder = checkout(tmp_path)
    wider = contract_text(RAW, "1.0.0", swap("maximum: 10000000000", "maximum: 10000000001"))
    put(folder, f"{RAW}/1.0.0{SUFFIX}", wider)
    tried = try_examples(Catalogue.load(folder), {f"{RAW}/1.0.0"})
    assert tried.invalid > 10
    assert len(tried.faults) == 1
    assert tried.faults[0].endswith("amount_over_limit.json: expected out_of_range, found nothing wrong.")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("fraud_rules/1.0.1", "has no such version; did you mean 'fraud_rules/1.0.0'?"),
        ("transactions.raw/1.0.0", "has no such version; did you mean 'events/transactions.raw/1.0.0'?"),
        ("generator", "is no file, and contracts/ has no such version; did you mean 'generator/"),
    ],
)
def test_a_version_that_is_not_there_is_answered_with_the_nearest(text: str, sentence: str) -> None:
    """Whoever compares reads what there is."""
    with pytest.raises(InputError) as error:
        find_subject(CONTRACTS, text)
    assert sentence in str(error.value)
