"""Great Expectations: one checkpoint a layer, compiled from the contracts, run on what is new, kept in Data Docs.

A layer's suite is a list of tables, each a batch with its own expectations. Nothing of it is committed: the context is
ephemeral, only validation results and the site are files. Raw values of personal columns never reach either.

The gate is the worst severity among failed checks, never the library's `success`, which is false for a warning too.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from streamflow.contracts.engines.great_expectations import translate
from streamflow.quality.increments import Increment

if TYPE_CHECKING:
    from streamflow.settings import Database, Settings

Severity = Literal["info", "warning", "error"]
LAYERS: dict[str, Database] = {"bronze": "bronze_db", "silver": "silver_db", "gold": "gold_db"}
SEVERITIES: dict[str, str] = {"error": "critical", "warning": "warning", "info": "info"}
"""The contracts' word for how bad a failure is, and the library's."""

SHOWN_VALUES = 10
_RAW_VALUES = (
    "unexpected_list",
    "partial_unexpected_list",
    "partial_unexpected_counts",
    "partial_unexpected_index_list",
)


@dataclass(frozen=True)
class Failure:
    """One expectation that failed.

    Attributes:
        table: Schema and table.
        check_id: The contract's check.
        severity: As the contract says.
        unexpected: Rows that break it; None when the library gives no count.
        sentence: For a person.
    """

    table: str
    check_id: str
    severity: Severity
    unexpected: int | None
    sentence: str


@dataclass(frozen=True)
class TableResult:
    """What the run says of one table.

    Attributes:
        table: Schema and table.
        rows: Rows looked at.
        total: Rows of the table.
        evaluated: Expectations that were evaluated; 0 when nothing was new.
        untranslated: Checks of the contract that the library cannot express.
        failures: What failed.
    """

    table: str
    rows: int
    total: int
    evaluated: int
    untranslated: int
    failures: tuple[Failure, ...]

    @property
    def blocking(self) -> tuple[Failure, ...]:
        """Failures that close the gate."""
        return tuple(failure for failure in self.failures if failure.severity == "error")


class SuiteRunner:
    """Runs suites into one folder of results and one site.

    Args:
        settings: Says where the databases are.
        folder: Where results (`validations`) and the site (`data_docs`) are kept.
        run_name: Name of the run; becomes a folder.
        run_time: When it began.
    """

    def __init__(self, settings: Settings, folder: Path, run_name: str, run_time: datetime) -> None:
        self._settings = settings
        self._folder = folder
        gx = _library()
        from great_expectations.core.run_identifier import RunIdentifier

        self._gx = gx
        self._run = RunIdentifier(run_name=run_name, run_time=run_time)
        self._context = self._new_context()
        self._keys: list[Any] = []

    def _new_context(self) -> Any:
        from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

        config = DataContextConfig(store_backend_defaults=InMemoryStoreBackendDefaults(), analytics_enabled=False)
        results = {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(self._folder / "validations"),
        }
        config.stores[config.validation_results_store_name]["store_backend"] = results
        config.data_docs_sites = {
            "streamflow": {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": str(self._folder / "data_docs"),
                },
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            }
        }
        context = self._gx.get_context(project_config=config, mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        return context

    def run_layer(self, layer: str, increments: Sequence[Increment]) -> list[TableResult]:
        """Check the increments of a layer's tables.

        Args:
            layer: bronze, silver or gold.
            increments: What to look at, one a table.

        Returns:
            One result a table, in the same order.
        """
        source = self._context.data_sources.add_postgres(
            layer, connection_string=_url(self._settings, LAYERS[layer]), kwargs=_CONNECT
        )
        try:
            return [self._run_table(source, increment) for increment in increments]
        finally:
            # The library opens two engines a source and closes neither.
            source.get_execution_engine().close()
            source.get_engine().dispose()

    def _run_table(self, source: Any, increment: Increment) -> TableResult:
        from great_expectations.data_context.types.resource_identifiers import (
            ExpectationSuiteIdentifier,
            ValidationResultIdentifier,
        )

        dataset = increment.dataset
        compiled = translate(dataset)
        if increment.rows == 0:
            return TableResult(dataset.table, 0, increment.total, 0, len(compiled.untranslated), ())
        name = f"{dataset.layer}-{dataset.name}"
        asset = source.add_query_asset(dataset.name, query=increment.query)
        suite = self._gx.ExpectationSuite(name=name, expectations=self._expectations(compiled.expectations))
        suite = self._context.suites.add(suite)
        batch = asset.add_batch_definition_whole_table("increment").get_batch()
        result = batch.validate(
            suite, result_format={"result_format": "SUMMARY", "partial_unexpected_count": SHOWN_VALUES}
        )
        mask_personal(result.results)
        result.meta["run_id"] = self._run
        result.meta["validation_time"] = self._run.run_time
        suite_key = ExpectationSuiteIdentifier(name)
        key = ValidationResultIdentifier(suite_key, self._run, batch.id)
        self._context.validation_results_store.store_validation_results(
            suite_validation_result=result,
            suite_validation_result_identifier=key,
            expectation_suite_identifier=suite_key,
        )
        self._keys += [suite_key, key]
        failures = tuple(_failure(dataset.table, one, increment.rows) for one in result.results if not one.success)
        return TableResult(
            dataset.table,
            increment.rows,
            increment.total,
            len(result.results),
            len(compiled.untranslated),
            failures,
        )

    def _expectations(self, compiled: Iterable[dict[str, Any]]) -> list[Any]:
        built = []
        for one in compiled:
            kind = "".join(part.title() for part in one["type"].split("_"))
            meta = one["meta"]
            build = getattr(self._gx.expectations, kind)
            built.append(build(**one["kwargs"], severity=SEVERITIES[meta["severity"]], meta=meta))
        return built

    def build_docs(self) -> Path:
        """Render this run's pages and the index.

        Returns:
            The site's first page.
        """
        self._context.build_data_docs(resource_identifiers=self._keys or None)
        return self._folder / "data_docs" / "index.html"


_CONNECT: dict[str, Any] = {
    "connect_args": {"options": "-c timezone=UTC", "application_name": "streamflow-quality", "connect_timeout": 10}
}


def _library() -> Any:
    """Import Great Expectations, quiet and without telemetry; it takes some ten seconds."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    return gx


def _url(settings: Settings, database: Database) -> str:
    from sqlalchemy import URL

    host, port = settings.postgres.address()
    url = URL.create(
        "postgresql+psycopg",
        username=settings.postgres.user("reader"),
        password=settings.postgres.password("reader"),
        host=host,
        port=port,
        database=database,
    )
    return url.render_as_string(hide_password=False)


def mask_personal(results: Iterable[Any]) -> None:
    """Take raw values out of the results of checks on personal columns, in place, before anything is stored.

    Args:
        results: Great Expectations results whose configuration carries `meta.personal`.
    """
    for one in results:
        if (one.expectation_config.meta or {}).get("personal"):
            for name in _RAW_VALUES:
                if one.result.get(name):
                    one.result[name] = []


def _failure(table: str, one: Any, rows: int) -> Failure:
    meta = one.expectation_config.meta
    severity: Severity = meta["severity"]
    error = _error_of(one.exception_info)
    unexpected = one.result.get("unexpected_count") if one.result else None
    if error:
        why = f"could not be evaluated ({error})"
    elif unexpected is not None:
        why = f"is broken by {unexpected} of {rows} rows"
    else:
        why = "does not hold"
    sentence = f"{table}: {meta['check_id']} {why} ({severity})."
    return Failure(table, meta["check_id"], severity, unexpected, sentence)


def _error_of(info: Any) -> str:
    """Return the first line of an exception; its shape is a dict, or for a missing column a dict of dicts."""
    if not isinstance(info, dict):
        return ""
    if "raised_exception" in info:
        text = info.get("exception_message") if info["raised_exception"] else ""
    else:
        text = next((one.get("exception_message") for one in info.values() if one.get("raised_exception")), "")
    return str(text or "").strip().splitlines()[0] if text else ""
