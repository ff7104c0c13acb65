"""What changed around the columns of a dataset: topic, table, quality rules, promises about time, parties, words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from streamflow.contracts.dataset import Dataset
from streamflow.contracts.diff import Change, moved
from streamflow.contracts.diff_sides import Direction, Sides
from streamflow.contracts.odcs import Quality, Sla, TopicExtensions

SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
SEVERITIES = ("info", "warning", "error")


def compare_promises(sides: Sides, old: Dataset, new: Dataset) -> list[Change]:
    """Return what changed in a dataset, its columns aside."""
    changes = list(_place(sides, old, new))
    if old.topic is not None and new.topic is not None:
        changes += _topic(sides, old.topic, new.topic)
    changes += _quality(sides, old, new)
    changes += _slas(sides, old, new)
    changes += _parties(old, new)
    changes += _status(sides, old, new)
    changes += _words(old, new)
    return changes


def _place(sides: Sides, old: Dataset, new: Dataset) -> Iterator[Change]:
    one, other = old.contract.schema[0], new.contract.schema[0]
    for name in ("physical_name", "physical_type"):
        if getattr(one, name) != getattr(other, name):
            what = f"{name} {moved(getattr(one, name), getattr(other, name))}"
            yield sides.all_break("table", name, what, "must write to another place", "must read from another place")
    if old.database != new.database:
        what = f"database {moved(old.database, new.database)}"
        yield sides.all_break("table", "database", what, "must write to another place", "must read from another place")
    elif old.servers != new.servers:
        yield Change("table", "servers", "the servers are described otherwise", "minor")


def _topic(sides: Sides, old: TopicExtensions, new: TopicExtensions) -> Iterator[Change]:
    keyed = (old.key_field, old.key_templates) != (new.key_field, new.key_templates)
    if keyed:
        one = old.key_field or (old.key_templates and dict(old.key_templates.templates))
        other = new.key_field or (new.key_templates and dict(new.key_templates.templates))
        yield sides.all_break(
            "key",
            "key",
            f"key {moved(one, other)}",
            "records with the old key are rejected",
            "what was together in one partition, in order, may no longer be",
        )
    for name in ("payload", "partitions", "cleanup_policy", "event_time_field", "bronze_table"):
        one, other = getattr(old, name), getattr(new, name)
        if one != other:
            what = f"{name} {moved(one, other)}"
            yield sides.all_break("topic", name, what, "must write otherwise", "must read otherwise")
    yield from _sizes(sides, old, new)
    yield from _window(sides, old, new)
    if old.retention_ms != new.retention_ms:
        what = f"retention_ms {moved(old.retention_ms, new.retention_ms)}"
        # -1 keeps records for ever.
        if new.retention_ms != -1 and (old.retention_ms == -1 or new.retention_ms < old.retention_ms):
            yield sides.readers_break("topic", "retention_ms", what, "records may be gone before they are read")
        else:
            yield Change("topic", "retention_ms", what, "minor", "", "records stay longer")


def _sizes(sides: Sides, old: TopicExtensions, new: TopicExtensions) -> Iterator[Change]:
    for name in ("max_record_bytes", "max_message_bytes"):
        one, other = getattr(old, name), getattr(new, name)
        if one != other:
            direction: Direction = "tightened" if one is None or (other is not None and other < one) else "loosened"
            yield sides.breaking(direction, name, f"{name} {moved(one, other)}")


def _window(sides: Sides, old: TopicExtensions, new: TopicExtensions) -> Iterator[Change]:
    for name in ("before_s", "after_s"):
        one = getattr(old.event_time_window, name, None)
        other = getattr(new.event_time_window, name, None)
        if one != other:
            direction: Direction = "tightened" if one is None or (other is not None and other < one) else "loosened"
            yield sides.breaking(direction, "event_time_window", f"event_time_window.{name} {moved(one, other)}")


def _rules(dataset: Dataset) -> dict[str, Quality]:
    schema = dataset.contract.schema[0]
    found = {rule.id: rule for rule in schema.quality}
    for column in schema.properties:
        found |= {f"{column.name}.{rule.id}": rule for rule in column.quality}
    return found


def _quality(sides: Sides, old: Dataset, new: Dataset) -> Iterator[Change]:
    before, after = _rules(old), _rules(new)
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            rule = other or one
            if rule is not None:
                direction: Direction = "tightened" if one is None else "loosened"
                word = "added" if one is None else "removed"
                yield _felt(sides, rule.severity, direction, name, f"quality {name}: {rule.severity} {word}")
        elif one != other:
            yield from _rule(sides, name, one, other)


def _felt(sides: Sides, severity: str, direction: Direction, name: str, what: str) -> Change:
    """Return a change of a quality rule: one that only warns breaks nobody."""
    if severity != "error":
        return Change("quality", name, what, "minor", "", "the quality report says something else")
    return sides.breaking(direction, name, what, kind="quality")


def _rule(sides: Sides, name: str, old: Quality, new: Quality) -> Iterator[Change]:
    worst = max(old.severity, new.severity, key=SEVERITIES.index)
    if old.severity != new.severity:
        raised = SEVERITIES.index(new.severity) > SEVERITIES.index(old.severity)
        what = f"quality {name}: severity {moved(old.severity, new.severity)}"
        yield _felt(sides, worst, "tightened" if raised else "loosened", name, what)
    for field, sign in (("must_be_greater_or_equal_to", 1), ("must_be_less_or_equal_to", -1)):
        one, other = getattr(old, field), getattr(new, field)
        if one != other:
            tighter = one is None or (other is not None and (other - one) * sign > 0)
            what = f"quality {name}: {field} {moved(one, other)}"
            yield _felt(sides, worst, "tightened" if tighter else "loosened", name, what)
    for field in ("metric", "must_be", "arguments", "unit"):
        one, other = getattr(old, field), getattr(new, field)
        if one != other:
            yield _felt(sides, worst, "both", name, f"quality {name}: {field} {moved(one, other)}")
    if (old.name, old.description, old.dimension) != (new.name, new.description, new.dimension):
        yield Change("description", name, f"quality {name}: reworded", "patch")


def _slas(sides: Sides, old: Dataset, new: Dataset) -> Iterator[Change]:
    before = {sla.property: sla for sla in old.contract.sla_properties}
    after = {sla.property: sla for sla in new.contract.sla_properties}
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        if one is None and other is not None:
            what = f"{name}: promised now, {other.value} {other.unit}"
            yield Change("sla", name, what, "minor", f"must keep {name}", f"may count on {name}")
        elif one is not None and other is None:
            what = f"{name}: no longer promised (was {one.value} {one.unit})"
            yield sides.readers_break("sla", name, what, f"can no longer count on {name}")
        elif one is not None and other is not None and one != other:
            yield _sla(sides, name, one, other)


def _sla(sides: Sides, name: str, old: Sla, new: Sla) -> Change:
    what = f"{name}: {old.value} {old.unit} -> {new.value} {new.unit}"
    one, other = _seconds(old), _seconds(new)
    if one == other and (one is not None or (old.value, old.unit) == (new.value, new.unit)):
        return Change("description", name, f"{name}: the same promise in other words", "patch")
    # Freshness and latency are better when shorter, retention when longer.
    better = one is not None and other is not None and ((other > one) if name == "retention" else (other < one))
    if better:
        return Change("sla", name, what, "minor", f"must keep the better {name}", f"may count on the better {name}")
    return sides.readers_break("sla", name, what, f"can count on less {name}")


def _seconds(sla: Sla) -> float | None:
    if sla.value == "unlimited":
        return float("inf")
    return float(sla.value) * SECONDS[sla.unit] if sla.unit in SECONDS and not isinstance(sla.value, str) else None


def _parties(old: Dataset, new: Dataset) -> Iterator[Change]:
    for side in ("producers", "consumers"):
        before, after = getattr(old, side), getattr(new, side)
        for name in before:
            if name not in after:
                yield Change("parties", name, f"{name} is no longer among the {side}", "patch")
        for name in after:
            if name not in before:
                yield Change("parties", name, f"{name} is now among the {side}", "patch")


def _status(sides: Sides, old: Dataset, new: Dataset) -> Iterator[Change]:
    one, other = old.contract.status, new.contract.status
    if one == other:
        return
    what = f"status {moved(one, other)}"
    if other == "retired":
        yield sides.all_break("status", "status", what, "must write to another version", "must read another version")
    else:
        going = "should move to another version" if other == "deprecated" else ""
        yield Change("status", "status", what, "minor", going, going)


def _words(old: Dataset, new: Dataset) -> Iterator[Change]:
    for name in ("description", "team", "domain", "id"):
        if getattr(old.contract, name) != getattr(new.contract, name):
            yield Change("description", name, f"{name} reworded", "patch")
    one, other = old.contract.schema[0], new.contract.schema[0]
    for name in ("description", "data_granularity_description", "name"):
        if getattr(one, name) != getattr(other, name):
            yield Change("description", name, f"{name.replace('_', ' ')} of the {one.physical_type} reworded", "patch")
    if _enum_words(one) != _enum_words(other):
        yield Change("description", "enum", "labels of allowed values reworded", "patch")


def _enum_words(schema: Any) -> dict[str, Any]:
    """Return labels and descriptions of the allowed values, by column and value."""
    found: dict[str, Any] = {}

    def walk(properties: Any, path: str) -> None:
        for one in properties:
            here = f"{path}.{one.name}"
            for value in one.enum:
                if value.label or value.description:
                    found[f"{here}={value.value}"] = msgspec.to_builtins(value)
            walk([*one.properties, *([one.items] if one.items else [])], here)

    walk(schema.properties, "")
    return found
