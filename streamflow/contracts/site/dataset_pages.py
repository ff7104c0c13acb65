"""What the page of one version of one dataset shows."""

from __future__ import annotations

from typing import Any

from streamflow.contracts.dataset import Dataset
from streamflow.contracts.odcs import Quality
from streamflow.contracts.site.enforcement import Enforcement, enforcement
from streamflow.contracts.site.lineage import draw
from streamflow.contracts.site.links import dataset_page, up
from streamflow.contracts.site.masking import examples
from streamflow.contracts.site.sources import Sources
from streamflow.contracts.site.words import check_words

LAYER_WORDS = {
    "events": "topics of the stream",
    "reference": "objects inside reference records",
    "bronze": "records as they came",
    "silver": "cleaned and deduplicated",
    "gold": "the star schema and its aggregates",
}


def dataset_context(dataset: Dataset, sources: Sources) -> dict[str, Any]:
    """Return what the template of a dataset is given."""
    page = dataset_page(dataset.layer, dataset.name, dataset.version)
    holding = enforcement(dataset, sources.catalogue, sources.of_models)
    checks, notes = _checks(dataset, holding)
    return {
        "dataset": dataset,
        "schema": dataset.contract.schema[0],
        "layer_words": LAYER_WORDS[dataset.layer],
        "file": f"contracts/{dataset.layer}/{dataset.name}/{dataset.version}.odcs.yaml",
        "versions": [
            {"version": one, "href": f"{one}.html", "here": one == dataset.version}
            for one in reversed(sources.catalogue.versions(dataset.layer, dataset.name))
        ],
        "drawing": draw(dataset.name, dataset.producers, dataset.consumers, f"{up(page)}parties.html#{{}}"),
        "columns": [column for top in dataset.columns for column in top.walk() if not column.path.endswith("[]")],
        "engines": holding.engines,
        "checks": checks,
        "notes": notes,
        "quality": _rules(dataset),
        "place": _place(dataset),
        "valid": examples(dataset, "valid"),
        "invalid": examples(dataset, "invalid"),
        "history": sources.history(f"{dataset.layer}/{dataset.name}"),
    }


def _checks(dataset: Dataset, holding: Enforcement) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the checks with what each engine says, and the reasons that they refer to by number."""
    notes: list[str] = []
    rows: list[dict[str, Any]] = []
    for check in dataset.checks:
        held = []
        for engine in holding.engines:
            word, reason = holding.held(engine, check.id)
            note = f"{engine}: {reason.removeprefix('only in part: ')}." if reason else ""
            if note and note not in notes:
                notes.append(note)
            held.append({"engine": engine, "word": word, "note": notes.index(note) + 1 if note else 0})
        # A column's name stands once, over all of its checks.
        column = check.column or "the row"
        named = column if not rows or rows[-1]["column"] != column else ""
        rows.append({"check": check, "column": column, "named": named, "words": check_words(check), "held": held})
    return rows, notes


def _rules(dataset: Dataset) -> list[Quality]:
    schema = dataset.contract.schema[0]
    return [*schema.quality, *(rule for column in schema.properties for rule in column.quality)]


def _place(dataset: Dataset) -> list[tuple[str, str]]:
    """Return where the dataset lies and how the broker keeps it, as pairs of words."""
    key = ", ".join(dataset.primary_key)
    found = [("physical name", dataset.table), ("key", key)] if key else [("physical name", dataset.table)]
    if dataset.database:
        found.append(("database", dataset.database))
    topic = dataset.topic
    if topic is None:
        return found
    found.append(
        (
            "Kafka key",
            topic.key_field or (", ".join(topic.key_templates.templates.values()) if topic.key_templates else "none"),
        )
    )
    found.append(("event time", topic.event_time_field or "none"))
    if topic.event_time_window is not None:
        window = topic.event_time_window
        found.append(
            ("event-time window", f"{window.before_s:,} s before to {window.after_s:,} s after the Kafka timestamp")
        )
    partitions = "as the deployment sets" if topic.partitions == "setting" else str(topic.partitions)
    retention = "for ever" if topic.retention_ms == -1 else f"{topic.retention_ms / 86_400_000:g} days"
    return [
        *found,
        ("partitions", partitions),
        ("cleanup", topic.cleanup_policy),
        ("kept", retention),
        ("largest record", f"{topic.max_record_bytes or topic.max_message_bytes:,} bytes"),
        ("bronze table", f"bronze.{topic.bronze_table}"),
    ]
