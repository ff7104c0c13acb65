"""The corpus of a contract catches every contract with one thing changed: so it tries each check at its edge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from streamflow.contracts.corpus import SETTINGS, CorpusRow, corpus, message
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.engines.judge import Judge
from streamflow.contracts.engines.record import TopicValidator, Validator
from streamflow.errors import InputError
from tests.unit.contracts.contract_cases import catalogue
from tests.unit.contracts.contract_mutants import Mutant, mutants

CATALOGUE = catalogue()
DATASETS = list(CATALOGUE.datasets())
MADE: Counter[str] = Counter()
Messages = dict[tuple[str, int], tuple[bytes | None, bytes, int]]
"""Key, value and Kafka timestamp of each row of a topic's corpus, by the original contract, made once."""


def says(dataset: Dataset, messages: Messages) -> Callable[[CorpusRow], str]:
    """Return what the engine that judges a dataset's rows one by one says of them."""
    if dataset.topic is not None and dataset.topic.payload == "json":
        one = TopicValidator(dataset, CATALOGUE, dict(SETTINGS))
        name, version = dataset.topic_name, dataset.version
        validator = Validator({name: {version: one}}, {name: version}, "mutant", ())
        return lambda row: validator(name, *messages[row.label, id(row)]).reason or ""
    judge = Judge(dataset, SETTINGS, CATALOGUE.by_id)

    def by_judge(row: CorpusRow) -> str:
        fault, _ = judge(row.record)
        return fault[0] if fault else ""

    return by_judge


def is_caught(mutant: Mutant, rows: tuple[CorpusRow, ...], messages: Messages) -> bool:
    """Say whether the original's corpus shows that a contract is another; one that cannot be compiled shows itself."""
    try:
        judged = says(mutant.dataset, messages)
    except InputError:
        return True
    path = mutant.what.split(":")[0]
    # Rows of the changed column first: they are the likeliest to tell.
    return any(judged(row) != row.reason for row in sorted(rows, key=lambda row: row.column != path))


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.id)
def test_every_mutant_of_a_contract_is_caught_by_its_corpus(dataset: Dataset) -> None:
    """Those that are equivalent by a rule are left alone by every row, which shows that the rule is right."""
    rows = corpus(dataset, CATALOGUE)
    messages = {(row.label, id(row)): message(dataset, row) for row in rows} if dataset.topic is not None else {}
    alive, wrongly_excused = [], []
    for mutant in mutants(dataset):
        caught = is_caught(mutant, rows, messages)
        MADE[mutant.equivalent or "caught"] += 1
        if mutant.equivalent and caught:
            wrongly_excused.append(mutant.what)
        if not mutant.equivalent and not caught:
            alive.append(mutant.what)
    assert alive == []
    assert wrongly_excused == []


def test_mutants_are_many_and_few_are_equivalent() -> None:
    """Each rule by which one is equivalent is counted, so that none can hide a hole."""
    if not MADE or sum(MADE.values()) < 2000:
        pytest.skip("not every contract was changed in this run")
    assert MADE.pop("caught") >= 2304
    assert MADE == {
        "the version field names the contract": 36,
        "another length is no uuid, and the type says so": 12,
        "the bits of the type end there too": 4,
        "the contracts of another field are chosen by the same values": 1,
    }
