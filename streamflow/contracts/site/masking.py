"""Examples as a page may show them: what is personal, or not described at all, is masked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from streamflow.contracts.dataset import Column, Dataset
from streamflow.contracts.examples import example_files

MASK = "•••"


def examples(dataset: Dataset, kind: str) -> list[dict[str, str]]:
    """Return the examples of a dataset: name, reason of a wrong one, and the masked record as text."""
    return [_example(dataset, kind, path) for path in example_files(dataset, kind)]


def _example(dataset: Dataset, kind: str, path: Path) -> dict[str, str]:
    found = json.loads(path.read_text(encoding="utf-8"))
    record = found if kind == "valid" else found.get("record")
    if isinstance(record, dict):
        text = json.dumps(masked(record, dataset.columns), indent=2, ensure_ascii=False)
    elif "text" in found:
        text = f"{len(str(found['text']).encode())} bytes that are no record"
    else:
        text = "no record"
    reason = "" if kind == "valid" else str(found.get("reason"))
    return {"name": path.stem.replace("_", " "), "reason": reason, "text": text}


def masked(record: dict[str, Any], columns: tuple[Column, ...]) -> dict[str, Any]:
    """Return a record whose personal and unknown values are masked; what is absent stays absent."""
    known = {column.name: column for column in columns}
    return {name: _value(value, known.get(name)) for name, value in record.items()}


def _value(value: Any, column: Column | None) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if column is None or column.classification == "personal":
        return MASK
    if isinstance(value, dict):
        return masked(value, column.columns)
    if isinstance(value, list):
        return [_value(item, column.item) for item in value]
    return value
