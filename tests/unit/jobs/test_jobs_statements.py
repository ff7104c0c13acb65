"""The SQL of the jobs holds the contracts' columns, and quotes whatever it is given."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import pytest

from streamflow.contracts import Catalogue
from streamflow.contracts.names import BRONZE_TABLES, DEAD_LETTERS, SOURCE_TOPICS
from streamflow.jobs.realtime_aggregator import WINDOWS
from streamflow.jobs.statements import quote, render

ROOT = Path(__file__).resolve().parents[3]
SQL = ROOT / "sql"
JDBC = {"url": "jdbc:postgresql://host/db", "user": "u", "password": "p", "schema": "bronze"}
FILLED_BY_THE_TABLE = {"id", "ingested_at", "updated_at"}


def columns(statement: str) -> set[str]:
    """Return the column names of a CREATE TABLE, without its key."""
    code = "\n".join(line for line in statement.splitlines() if not line.startswith("--"))
    body = code.split("(", 1)[1].split(") WITH", 1)[0]
    return {
        line.split()[0]
        for line in body.splitlines()
        if line.strip() and not line.strip().startswith(("--", "PRIMARY", ")"))
    }


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """Return the contracts of this checkout."""
    return Catalogue.load(ROOT / "contracts")


@pytest.mark.parametrize("topic", SOURCE_TOPICS)
def test_a_bronze_sink_names_the_columns_of_its_contract(catalogue: Catalogue, topic: str) -> None:
    """All of them, but those that the table fills itself."""
    table = BRONZE_TABLES[topic].rpartition(".")[2]
    wanted = {column.name for column in catalogue.dataset("bronze", table).columns} - FILLED_BY_THE_TABLE
    assert len(wanted) == 12
    assert columns(render(SQL, "bronze_sink", table=table, jdbc=JDBC)) == wanted


def test_the_sink_of_dead_letters_names_the_columns_of_its_contract(catalogue: Catalogue) -> None:
    """All of them, but those that the table fills itself."""
    table = BRONZE_TABLES[DEAD_LETTERS].rpartition(".")[2]
    wanted = {column.name for column in catalogue.dataset("bronze", table).columns} - FILLED_BY_THE_TABLE
    assert len(wanted) == 11
    assert columns(render(SQL, "dead_letters_sink", table=table, jdbc=JDBC)) == wanted


@pytest.mark.parametrize("table", WINDOWS)
def test_an_aggregate_sink_names_the_columns_of_its_contract(catalogue: Catalogue, table: str) -> None:
    """All of them, but the one that the table fills itself."""
    wanted = {column.name for column in catalogue.dataset("gold", table).columns} - FILLED_BY_THE_TABLE
    assert len(wanted) == 6
    assert columns(render(SQL, "aggregate_sink", table=table, jdbc=JDBC)) == wanted


def test_every_statement_says_what_it_is_for() -> None:
    """Each file but the option lists begins with its purpose."""
    files = sorted(path for path in (SQL / "jobs").glob("*.sql") if not path.stem.endswith("_options"))
    assert len(files) >= 14
    silent = [path.name for path in files if not path.read_text(encoding="utf-8").startswith("-- Purpose: ")]
    assert silent == []


def test_a_quote_in_a_value_stays_inside_its_literal() -> None:
    """A password may hold anything."""
    assert quote("it's") == "'it''s'"
    statement = render(SQL, "bronze_sink", table="raw_late", jdbc={**JDBC, "password": "a' OR 'b"})
    assert re.search(r"'password' = 'a'' OR ''b'", statement)


def test_a_statement_that_lacks_a_value_fails() -> None:
    """A forgotten value must never become an empty string in SQL."""
    with pytest.raises(jinja2.UndefinedError, match="group"):
        render(SQL, "source", table="source", topics=["a"], bootstrap_servers="b")
