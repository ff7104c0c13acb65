"""A PostgreSQL of these tests' own, freshly migrated."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from streamflow.settings import Settings
from streamflow.warehouse.migrations import migrate
from tests.integration.test_contract_engines.table_suites import GxTables
from tests.integration.test_warehouse.conftest import ROOT, make_databases, running_postgres


@pytest.fixture(scope="package")
def migrated() -> Iterator[Settings]:
    """Give three databases that only migrations have touched."""
    with running_postgres(ROOT / ".cache" / "test" / f"contracts-{os.getpid()}") as settings:
        make_databases(settings)
        assert migrate(settings), "a new database needs its migrations"
        yield settings


@pytest.fixture(scope="package")
def suites(migrated: Settings) -> Iterator[GxTables]:
    """Give what runs suites; the library takes ten seconds to import, so once."""
    tables = GxTables(migrated)
    yield tables
    tables.close()
