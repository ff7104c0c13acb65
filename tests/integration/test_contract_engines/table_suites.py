"""Suites of Great Expectations over the rows of a corpus, as SQL in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from streamflow.contracts.checks import REASON
from streamflow.contracts.corpus import CorpusRow
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.engines import postgres
from streamflow.contracts.engines.great_expectations import Suite
from streamflow.quality import suites
from streamflow.settings import Settings
from tests.integration.test_contract_engines.table_rows import DATABASES, bound, insertion

PLACE = "corpus_place"


class GxTables:
    """Runs the expectations of tables over what an unguarded copy of the table keeps of a corpus."""

    def __init__(self, settings: Settings) -> None:
        self._gx = suites._library()
        self._context = self._gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = {"globally": False}
        host, port = settings.postgres.address()
        password = settings.postgres.password("superuser")
        self._sources = {
            layer: self._context.data_sources.add_postgres(
                layer, connection_string=f"postgresql+psycopg://postgres:{password}@{host}:{port}/{database}"
            )
            for layer, database in DATABASES.items()
        }

    def close(self) -> None:
        """Close what the library leaves open."""
        for source in self._sources.values():
            source.get_execution_engine().close()
            source.get_engine().dispose()

    def faults(
        self, connection: psycopg.Connection[Any], dataset: Dataset, suite: Suite, rows: Sequence[CorpusRow]
    ) -> dict[int, str]:
        """Return the reason of each row's first fault in the order of the contract, by place in the corpus.

        A row that the columns' types alone refuse is never seen by a suite, so it is without fault here.
        """
        name = f"gx_{dataset.name}"
        connection.execute(f"DROP TABLE IF EXISTS public.{name}")
        table = postgres.translate(dataset)
        create = postgres.create_table(table, f"public.{name}", constrained=False)
        connection.execute(create.removesuffix("\n)").encode() + f",\n    {PLACE} integer)".encode())
        statement = insertion(dataset, f"public.{name}", PLACE)
        for place, row in enumerate(rows):
            values = [bound(column, row.record.get(column.name)) for column in dataset.columns]
            try:
                with connection.transaction():
                    connection.execute(statement, [*values, place])
            except (psycopg.Error, UnicodeEncodeError):
                continue
        try:
            return self._judged(dataset, suite, name)
        finally:
            connection.execute(f"DROP TABLE public.{name}")

    def _judged(self, dataset: Dataset, suite: Suite, table: str) -> dict[int, str]:
        order = {check.id: (place, str(check.kind)) for place, check in enumerate(dataset.checks)}
        built = []
        for one in suite.expectations:
            check_id = one["meta"]["check_id"]
            if check_id in order and order[check_id][1] != "unique":
                kind = "".join(part.title() for part in one["type"].split("_"))
                built.append(getattr(self._gx.expectations, kind)(**one["kwargs"], meta=one["meta"]))
        asset = self._sources[dataset.layer].add_table_asset(dataset.id, table_name=table, schema_name="public")
        batch = asset.add_batch_definition_whole_table("corpus").get_batch()
        result = batch.validate(
            self._gx.ExpectationSuite(name=dataset.id, expectations=built),
            # Without a count of its own, the list of rows ends at the twentieth.
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": [PLACE],
                "partial_unexpected_count": 100_000,
            },
        )
        found: dict[int, tuple[int, str]] = {}
        for one in result.results:
            assert "unexpected_count" in one.result, one.exception_info
            place, kind = order[one.expectation_config.meta["check_id"]]
            for broken in one.result.get("unexpected_index_list") or ():
                row = broken[PLACE]
                found[row] = min(found.get(row, (len(order), "")), (place, REASON[kind]))
        return {row: reason for row, (_, reason) in found.items()}
