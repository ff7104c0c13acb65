"""The per-record validator, compiled from the contracts: the stream's hot path.

Three ways, each built from the same checks: typed decoding of the form that senders write; decoding of any text that
can hide nothing, then the compiled checks; the slow reader and the judge. A way accepts a record or hands it on, and
the last alone names reasons.

Order of judgement: topic, null, empty, size, UTF-8, depth, JSON, numbers and repeated keys, object, NUL and surrogates,
schema version, columns in the contract's order (missing, type, time, values, length, pattern, range), Kafka key,
event-time window. Explicit null counts as absent. Unknown fields are kept. An integer must be written as one: 1e2 and
1.0 are wrong_type.
"""

from __future__ import annotations

import hashlib
from string import Formatter
from typing import Any

import msgspec

from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.checks import Untranslated
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.engines.fast import VERSION_FIELD, compile_fast
from streamflow.contracts.engines.json_strict import PROOF_BYTES, Fault, prove, read
from streamflow.contracts.engines.judge import Judge
from streamflow.contracts.engines.typed import compile_typed
from streamflow.contracts.engines.verdict import Verdict
from streamflow.contracts.names import Reason
from streamflow.contracts.odcs import TopicExtensions
from streamflow.contracts.timestamps import LAST_US, parse_us
from streamflow.errors import InputError


class TopicValidator:
    """One version of one topic's contract, compiled."""

    def __init__(self, dataset: Dataset, catalogue: Catalogue, settings: dict[str, str]) -> None:
        """Compile; raises InputError when the contract refers to what does not exist or may be absent."""
        topic = dataset.topic
        if topic is None:
            raise ValueError(f"{dataset.id} is no topic")
        _hold_around(dataset, topic)
        self.version = dataset.version
        self.max_bytes = topic.max_record_bytes or topic.max_message_bytes
        self.proof_bytes = min(PROOF_BYTES, self.max_bytes)
        self.judge = Judge(dataset, settings, catalogue.by_id)
        self.typed = compile_typed(dataset, settings)
        self.fast = compile_fast(dataset, settings)
        self.key_field = topic.key_field
        self.key_templates = topic.key_templates
        self.event_time = topic.event_time_field or ""
        window = topic.event_time_window
        self.before_us = window.before_s * 1_000_000 if window else None
        self.after_us = window.after_s * 1_000_000 if window else 0

    def key_of(self, record: dict[str, Any]) -> str:
        """Return the Kafka key that a judged record must have."""
        if self.key_templates is not None:
            template = self.key_templates.templates[record[self.key_templates.field]]
            return template.format_map(record)
        return str(record[self.key_field or ""])

    def around(self, record: dict[str, Any], key: bytes | None, kafka_timestamp_ms: int) -> tuple[Fault | None, int]:
        """Check what lies around a judged record: key and event-time window; return the event time too."""
        wanted = self.key_of(record)
        if key is None or key != wanted.encode():
            named = self.key_field or "the key's template"
            return ("key_mismatch", f"The Kafka key is not the value of '{named}'."), 0
        time_us = parse_us(record[self.event_time]) or 0
        now_us = kafka_timestamp_ms * 1000
        if self.before_us is None and now_us > LAST_US:
            return ("event_time_out_of_range", "The Kafka timestamp lies after the year 9999."), 0
        if self.before_us is not None:
            if time_us > now_us + self.after_us:
                allowed = f"more than {self.after_us // 1_000_000} s after"
            elif time_us < now_us - self.before_us:
                allowed = f"more than {self.before_us // 1_000_000} s before"
            else:
                return None, time_us
            return ("event_time_out_of_range", f"'{self.event_time}' lies {allowed} the Kafka timestamp."), 0
        return None, time_us


class Validator:
    """Judges records of every topic; never raises, whatever the bytes.

    Attributes:
        build_id: Hash over the contracts it was compiled from; jobs that must agree compare it.
        untranslated: Checks that a single record cannot answer.
    """

    def __init__(
        self,
        topics: dict[str, dict[str, TopicValidator]],
        newest: dict[str, str],
        build_id: str,
        untranslated: tuple[Untranslated, ...],
    ) -> None:
        """Use `build_validator` instead."""
        self._topics = topics
        self._newest = {topic: topics[topic][version] for topic, version in newest.items()}
        self._typed = {topic: one.typed for topic, one in self._newest.items() if one.typed is not None}
        self._decode = msgspec.json.Decoder().decode
        self.build_id = build_id
        self.untranslated = untranslated

    def __call__(self, topic: str, key: bytes | None, body: bytes | None, kafka_timestamp_ms: int) -> Verdict:
        """Judge one record.

        Args:
            topic: Its Kafka topic.
            key: Its key, byte for byte.
            body: Its value, byte for byte.
            kafka_timestamp_ms: Its Kafka timestamp, milliseconds since 1970.

        Returns:
            The verdict.
        """
        typed = self._typed.get(topic)
        if typed is not None and body is not None:
            verdict = typed(body, key, kafka_timestamp_ms)
            if verdict is not None:
                return verdict
        newest = self._newest.get(topic)
        if newest is None:
            return _reject("unknown_topic", "No contract describes this topic.", None, "")
        if body is None:
            return _reject("null_value", "The value is null.", None, newest.version)
        # One byte first: it is found four times as fast as two, and records hardly ever have escapes.
        if len(body) <= newest.proof_bytes and (b"\\" not in body or b"\\u" not in body):
            quick = self._prove(topic, key, body, kafka_timestamp_ms)
            if quick is not None:
                return quick
        return self._explain(topic, newest, key, body, kafka_timestamp_ms)

    def _prove(self, topic: str, key: bytes | None, body: bytes, kafka_timestamp_ms: int) -> Verdict | None:
        """Accept a record whose text can hide nothing, or return None."""
        try:
            record = self._decode(body)
            version = record.get(VERSION_FIELD)
            one = self._topics[topic][version]
        except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
            return None
        if one.fast is not None:
            time_us = one.fast(record, body.count(b'"'), key, kafka_timestamp_ms)
            if time_us is not None:
                return Verdict(None, "", record, time_us, "accepted", version, one.version)
        if prove(record) * 2 == body.count(b'"'):
            fault, unknown = one.judge(record)
            if fault is None:
                fault, time_us = one.around(record, key, kafka_timestamp_ms)
            if fault is None:
                status = "accepted_unknown_fields" if unknown else "accepted"
                return Verdict(None, "", record, time_us, status, version, one.version)
        return None

    def _explain(
        self, topic: str, newest: TopicValidator, key: bytes | None, body: bytes, kafka_timestamp_ms: int
    ) -> Verdict:
        if not body.strip(b" \t\r\n"):
            return _reject("empty_value", "The value is empty.", None, newest.version)
        if len(body) > newest.max_bytes:
            sentence = f"The value has {len(body)} bytes; at most {newest.max_bytes} are allowed."
            return _reject("too_large", sentence, None, newest.version)
        record, fault = read(body)
        if record is None or fault is not None:
            reason, detail = fault or ("not_json", "The record is no JSON.")
            return _reject(reason, detail, None, newest.version)
        version = record.get(VERSION_FIELD)
        one = self._topics[topic].get(version) if isinstance(version, str) else newest
        if one is None:
            known = ", ".join(self._topics[topic])
            sentence = f"The field '{VERSION_FIELD}' names no version of this contract; known: {known}."
            return _reject("unknown_schema_version", sentence, None, newest.version)
        version = version if isinstance(version, str) else None
        fault, unknown = one.judge(record)
        time_us = 0
        if fault is None:
            fault, time_us = one.around(record, key, kafka_timestamp_ms)
        if fault is not None:
            return _reject(*fault, version, one.version)
        status = "accepted_unknown_fields" if unknown else "accepted"
        return Verdict(None, "", record, time_us, status, version, one.version)


def _hold_around(dataset: Dataset, topic: TopicExtensions) -> None:
    """Refuse a contract by which a record could lack what its key or its event time is made of.

    Raises:
        InputError: Naming the field, or the value of a field, that is the matter.
    """
    needed = {column.name for column in dataset.columns if column.required}
    by = topic.key_templates
    for name in (topic.key_field, topic.event_time_field, by.field if by else None):
        if name is not None and name not in needed:
            raise InputError(
                f"The contract {dataset.id} takes its key or event time from '{name}', which is not required."
            )
    if by is None:
        return
    values = {str(value) for column in dataset.columns if column.name == by.field for value in column.enum}
    if not values or not values <= set(by.templates):
        missing = ", ".join(sorted(values - set(by.templates))) or "any value"
        raise InputError(f"The contract {dataset.id} has no key template for {missing} of '{by.field}'.")
    for value, template in by.templates.items():
        at_times = {
            column.name
            for column in dataset.columns
            if (when := column.extensions.required_when) is not None and (when.field, when.equals) == (by.field, value)
        }
        for _, name, _, _ in Formatter().parse(template):
            if name and name not in needed | at_times:
                raise InputError(
                    f"The contract {dataset.id} makes the key of a {value} from '{name}', which may be absent."
                )


def _reject(reason: Reason, detail: str, schema_version: str | None, contract_version: str) -> Verdict:
    return Verdict(reason, detail, None, None, "rejected", schema_version, contract_version)


def build_validator(catalogue: Catalogue, base_currency: str) -> Validator:
    """Compile the validator of every topic that carries JSON.

    Args:
        catalogue: The contracts.
        base_currency: The deployment's currency, ISO 4217; purchases in another are dead letters.

    Returns:
        The validator; `dead-letters` is not among its topics, because its values are other topics' bytes.

    Raises:
        InputError: A contract is wrong.
    """
    settings = {"base_currency": base_currency}
    topics: dict[str, dict[str, TopicValidator]] = {}
    newest: dict[str, str] = {}
    untranslated: list[Untranslated] = []
    build = hashlib.sha256(base_currency.encode())
    for dataset in [*catalogue.datasets("events"), *catalogue.datasets("reference")]:
        build.update(f"{dataset.id}:{dataset.sha256};".encode())
        if dataset.topic is None:
            continue
        if dataset.topic.payload == "opaque":
            untranslated += [Untranslated(check, "the value is another topic's bytes") for check in dataset.checks]
        else:
            topics.setdefault(dataset.name, {})[dataset.version] = TopicValidator(dataset, catalogue, settings)
            newest[dataset.name] = dataset.version
            untranslated += topics[dataset.name][dataset.version].judge.untranslated
    return Validator(topics, newest, build.hexdigest(), tuple(untranslated))
