"""References of a contract, to its own fields and to other contracts: a missing one is found when the file is read."""

from __future__ import annotations

import string
from collections.abc import Iterator

from streamflow.contracts.odcs import Property, SchemaObject, TopicExtensions
from streamflow.contracts.strict import Document
from streamflow.errors import nearest

TOP = "$.schema[0]"


def check_fields(document: Document, schema: SchemaObject, topic: TopicExtensions | None) -> None:
    """Refuse a contract that refers to a field which it does not describe.

    Args:
        document: The file.
        schema: Its one object.
        topic: What it says about the topic, if it is one.

    Raises:
        InputError: With file, line and the nearest field.
    """
    _siblings(document, schema.properties, f"{TOP}.properties")
    names = [one.name for one in schema.properties]
    for index, rule in enumerate(schema.quality):
        for name in rule.arguments.get("properties", ()):
            _known(document, f"{TOP}.quality[{index}]", f"the rule '{rule.id}'", str(name), names)
    if topic is None or topic.payload != "json":
        return
    for field, name in (("keyField", topic.key_field), ("eventTimeField", topic.event_time_field)):
        if name is not None:
            _known(document, f"$.customProperties.{field}", field, name, names)
    if topic.key_templates is not None:
        place = "$.customProperties.keyTemplates"
        _known(document, place, "keyTemplates", topic.key_templates.field, names)
        for template in topic.key_templates.templates.values():
            for _, name, _, _ in string.Formatter().parse(template):
                if name:
                    _known(document, place, f"the template '{template}'", name, names)


def _siblings(document: Document, given: tuple[Property, ...], path: str) -> None:
    names = [one.name for one in given]
    for index, one in enumerate(given):
        here = f"{path}[{index}]"
        for custom in one.custom_properties:
            # The columns were built before, so these values have the form that they must have.
            if custom.property in ("requiredWhen", "contractByField"):
                place = f"{here}.customProperties.{custom.property}"
                _known(document, place, custom.property, custom.value["field"], names)
        _siblings(document, one.properties, f"{here}.properties")
        if one.items is not None:
            _siblings(document, one.items.properties, f"{here}.items.properties")


def _known(document: Document, place: str, what: str, name: str, names: list[str]) -> None:
    if name not in names:
        raise document.fail(place, f"{what} names the field '{name}', which is not described; {nearest(name, names)}")


def references(schema: SchemaObject) -> Iterator[tuple[str, str]]:
    """Yield each reference to another contract: where it stands in the file, and the `layer/dataset/version` named."""
    yield from _references(schema.properties, f"{TOP}.properties")


def _references(given: tuple[Property, ...], path: str) -> Iterator[tuple[str, str]]:
    for index, one in enumerate(given):
        here = f"{path}[{index}]"
        for custom in one.custom_properties:
            place = f"{here}.customProperties.{custom.property}"
            if custom.property == "contract":
                yield place, str(custom.value)
            elif custom.property == "contractByField":
                yield from ((place, str(named)) for named in custom.value["contracts"].values())
        yield from _references(one.properties, f"{here}.properties")
        if one.items is not None:
            yield from _references(one.items.properties, f"{here}.items.properties")
