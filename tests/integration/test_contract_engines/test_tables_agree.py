"""The golden corpus of every table: judge, Pandera, Great Expectations and PostgreSQL say the same of each row.

A difference is permitted only where the engine names the check as left out, or as left in part; each is counted. What
PostgreSQL keeps of a value that it made fit must keep the contract.
"""

from __future__ import annotations

from collections import Counter

import pytest

from streamflow.contracts import Catalogue
from streamflow.contracts.corpus import SETTINGS, corpus
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.engines import great_expectations, pandera, postgres
from streamflow.contracts.engines.judge import Judge
from streamflow.settings import Settings, load_settings
from tests.integration.test_contract_engines.table_rows import DATABASES, Stored, stored, strict_connection
from tests.integration.test_contract_engines.table_suites import GxTables
from tests.unit.contracts.agreement import Agreement, frame_of

CATALOGUE = Catalogue.load(load_settings().contracts_dir)
TABLES = [
    CATALOGUE.latest(layer, name)
    for layer in DATABASES
    for name in dict.fromkeys(dataset.name for dataset in CATALOGUE.datasets(layer))
]


ROWS_OF_TABLES = {"bronze": 2981, "silver": 5637, "gold": 3104}
LEFT = {
    "judge": {},
    "pandera": {"enum": 45, "format": 29, "length": 57, "pattern": 42, "range": 6, "required": 60, "type": 221},
    "postgres": {
        "beyond_the_contract": 15,
        "enum": 45,
        "format": 29,
        "format, kept as fitting": 843,
        "length": 57,
        "pattern": 42,
        "range": 6,
        "required": 60,
        "type": 221,
        "type, kept as fitting": 522,
        "type, refused for its form": 408,
    },
    "great_expectations": {
        "enum": 45,
        "format": 1884,
        "items": 18,
        "length": 57,
        "pattern": 42,
        "range": 6,
        "required": 60,
        "type": 3317,
    },
}
"""Rows whose fault an engine does not see, or sees otherwise, by kind of the check that it names as left."""

PERMITTED: dict[str, Counter[str]] = {}
ROWS: Counter[str] = Counter()


@pytest.mark.parametrize("dataset", TABLES, ids=lambda dataset: dataset.id)
def test_every_engine_says_the_same_of_every_row(dataset: Dataset, migrated: Settings, suites: GxTables) -> None:
    """Same verdict, same reason; what an engine names as left out is counted."""
    rows = corpus(dataset, CATALOGUE)
    frames, table, suite = (
        pandera.translate(dataset),
        postgres.translate(dataset),
        great_expectations.translate(dataset),
    )
    judge = Judge(dataset, SETTINGS, CATALOGUE.by_id)
    in_frame = pandera.faults(frames, frame_of(dataset, rows))
    with strict_connection(migrated, DATABASES[dataset.layer]) as connection:
        kinds = {check.id: check.kind for check in dataset.checks}
        checks = {one.name: (one.check_id, str(kinds[one.check_id])) for one in table.checks}
        in_table: list[Stored] = stored(connection, dataset, rows, checks)
        in_suite = suites.faults(connection, dataset, suite, rows)
    engines = {
        "judge": Agreement(dataset, CATALOGUE, []),
        "pandera": Agreement(dataset, CATALOGUE, frames.untranslated),
        "postgres": Agreement(dataset, CATALOGUE, table.untranslated),
        "great_expectations": Agreement(dataset, CATALOGUE, suite.untranslated),
    }
    for place, row in enumerate(rows):
        fault, _ = judge(row.record)
        engines["judge"].hold(row, fault[0] if fault else "")
        named = [one for one in in_frame.get(place, ()) if one.reason != "duplicate"]
        engines["pandera"].hold(row, named[0].reason if named else "")
        engines["postgres"].hold(row, in_table[place].reason, in_table[place].row)
        engines["great_expectations"].hold(row, in_suite.get(place, ""))
    assert {name: engine.faults for name, engine in engines.items()} == {name: [] for name in engines}
    assert sum(row.valid for row in rows) > 20
    assert sum(not row.valid for row in rows) > 100
    ROWS[dataset.layer] += len(rows)
    for name, engine in engines.items():
        PERMITTED[name] = PERMITTED.get(name, Counter()) + engine.permitted


def test_the_permitted_differences_are_as_many_as_they_were() -> None:
    """A check that an engine lost would show here, as would a corpus that shrank."""
    if sum(ROWS.values()) < sum(len(corpus(dataset, CATALOGUE)) for dataset in TABLES):
        pytest.skip("not every table was judged in this run")
    assert dict(ROWS) == ROWS_OF_TABLES
    counted = {name: dict(sorted(count.items())) for name, count in PERMITTED.items()}
    assert counted == LEFT, f"these differ now: {counted}"
