"""Trying the examples of each contract: valid ones must pass, invalid ones must fail for the reason that they state.

`contracts/<layer>/<dataset>/examples/valid/*.json` holds records as they are. An invalid example is an object with
`reason` and `record`; a topic's may have `text` in place of `record` where it is no JSON, and may state `key` and
`kafka_timestamp`; otherwise the key is the right one and the record is a second old.

Versions of a dataset share their examples; a version that cannot (a new major one) has its own in `examples/<version>`.
A shared record that states another version of its topic is tried as one of the version at hand.
"""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamflow.contracts.canonical_json import read_object
from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.engines.fast import VERSION_FIELD
from streamflow.contracts.engines.judge import Judge
from streamflow.contracts.engines.record import Validator, build_validator
from streamflow.contracts.strict import MAX_FILE_BYTES
from streamflow.contracts.timestamps import parse_us

BASE_CURRENCY = "USD"
DEFAULT_TIME = "2026-03-01T09:15:03Z"


@dataclass
class Tried:
    """What the examples showed.

    Attributes:
        valid: Valid examples that were tried.
        invalid: Invalid examples that were tried.
        faults: One sentence for each that surprised.
    """

    valid: int = 0
    invalid: int = 0
    faults: list[str] = field(default_factory=list)


def example_files(dataset: Dataset, kind: str) -> list[Path]:
    """Return the example files of a version of a dataset; `kind` is valid or invalid."""
    return sorted((_folder(dataset) / kind).glob("*.json"))


def _folder(dataset: Dataset) -> Path:
    shared = dataset.path.parent / "examples"
    own = shared / dataset.version
    return own if own.is_dir() else shared


def try_examples(catalogue: Catalogue, only: Container[str] | None = None) -> Tried:
    """Try the examples of every contract.

    Args:
        catalogue: The contracts.
        only: Ids of the contracts to try, as `layer/dataset/version`; all of them when not given.

    Returns:
        How many were tried, and what surprised.

    Raises:
        InputError: A contract is wrong, or an example is no JSON object.
    """
    tried = Tried()
    validator = build_validator(catalogue, BASE_CURRENCY)
    for dataset in catalogue.datasets():
        if only is not None and dataset.id not in only:
            continue
        for path in example_files(dataset, "valid"):
            tried.valid += 1
            reason = _judge(dataset, catalogue, validator, {"record": _read(path)})
            if reason is not None:
                tried.faults.append(f"{path}: a valid example was rejected: {reason}.")
        for path in example_files(dataset, "invalid"):
            tried.invalid += 1
            example = _read(path)
            reason = _judge(dataset, catalogue, validator, example)
            if reason != example.get("reason"):
                tried.faults.append(f"{path}: expected {example.get('reason')}, found {reason or 'nothing wrong'}.")
        for kind in ("valid", "invalid"):
            if not example_files(dataset, kind):
                tried.faults.append(f"{_folder(dataset) / kind} holds no example.")
    return tried


def _read(path: Path) -> dict[str, Any]:
    return read_object(path, MAX_FILE_BYTES)


def _judge(dataset: Dataset, catalogue: Catalogue, validator: Validator, example: dict[str, Any]) -> str | None:
    if dataset.topic is None or dataset.topic.payload == "opaque":
        judge = Judge(dataset, {"base_currency": BASE_CURRENCY}, catalogue.by_id)
        fault, _ = judge(example["record"])
        return fault[0] if fault else None
    return validator(dataset.topic_name, *wire(dataset, _as_version(dataset, catalogue, example))).reason


def _as_version(dataset: Dataset, catalogue: Catalogue, example: dict[str, Any]) -> dict[str, Any]:
    """Return a shared example as one of this version; a version that nobody knows is the example's own point."""
    record = example.get("record")
    stated = record.get(VERSION_FIELD) if isinstance(record, dict) else None
    if stated == dataset.version or stated not in catalogue.versions(dataset.layer, dataset.name):
        return example
    return {**example, "record": {**(record or {}), VERSION_FIELD: dataset.version}}


def wire(dataset: Dataset, example: dict[str, Any]) -> tuple[bytes | None, bytes, int]:
    """Return key, value and Kafka timestamp (ms) of a topic's example."""
    record = example.get("record")
    text = example["text"] if "text" in example else json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    fields = record if isinstance(record, dict) else {}
    key = example.get("key", _key(dataset, fields))
    time = parse_us(str(example.get("kafka_timestamp") or fields.get(_event_time(dataset)) or ""))
    if time is None:
        time = (parse_us(DEFAULT_TIME) or 0) - 1_000_000
    return str(key).encode(), text.encode(), time // 1000 + (0 if "kafka_timestamp" in example else 1000)


def _event_time(dataset: Dataset) -> str:
    return (dataset.topic.event_time_field if dataset.topic else None) or ""


def _key(dataset: Dataset, fields: dict[str, Any]) -> str:
    topic = dataset.topic
    if topic is None or topic.key_templates is None:
        return str(fields.get((topic.key_field if topic else None) or ""))
    template = topic.key_templates.templates.get(str(fields.get(topic.key_templates.field)), "")
    try:
        return template.format_map(fields)
    except KeyError:
        return ""
