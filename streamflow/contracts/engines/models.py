"""Generating streamflow/events/models.py: one Pydantic model a topic and reference table.

The models are for people who write or read single events; the stream uses the record engine. Both accept the same
records, which a test shows; key, event-time window and base currency lie outside a model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.checks import Untranslated
from streamflow.contracts.dataset import Column, Dataset

HEADER = '''"""Typed event models.

Generated from contracts/ by `streamflow contracts build`; edit the contracts instead.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from streamflow.events.base import Date, Event, RequiredWhen, Timestamp
'''

_PLAIN = {"boolean": "bool", "timestamp": "Timestamp", "date": "Date", "integer": "int", "number": "float"}


@dataclass
class Generated:
    """Text of a module, names of its constrained strings by expression, and the checks that it cannot express."""

    text: str = ""
    aliases: dict[str, str] = field(default_factory=dict)
    untranslated: list[Untranslated] = field(default_factory=list)


def class_name(dataset: Dataset, newest: Dataset | None = None) -> str:
    """Return the model's name: `TransactionsRaw`, `CustomersAttributes`; `TransactionsRawV1` beside a newer major."""
    words = dataset.contract.schema[0].name.split("_")
    name = "".join(word.capitalize() for word in words) + ("Attributes" if dataset.layer == "reference" else "")
    return name if newest is None or major(newest) == major(dataset) else f"{name}V{major(dataset)}"


def major(dataset: Dataset) -> int:
    """Return the first number of a dataset's version."""
    return int(dataset.version.partition(".")[0])


def _majors(catalogue: Catalogue, layer: str) -> list[Dataset]:
    """Return the newest version of each major of each dataset: a record of 1.x is no record of 2.x."""
    found = {(one.name, major(one)): one for one in catalogue.datasets(layer)}
    return list(found.values())


def render(catalogue: Catalogue) -> Generated:
    """Generate the module.

    Args:
        catalogue: The contracts.

    Returns:
        Python, before formatting, with what it leaves out.
    """
    out = Generated()
    references = _majors(catalogue, "reference")
    topics = [d for d in _majors(catalogue, "events") if d.topic is not None and d.topic.payload == "json"]
    names = {d.id: class_name(d, catalogue.latest(d.layer, d.name)) for d in [*references, *topics]}
    left = {"unique", "equals_setting", "contract"}
    for dataset in [*references, *topics]:
        _name_strings(out, dataset)
    for dataset in [*references, *topics]:
        _model(out, names[dataset.id], dataset.contract.schema[0].description, dataset.columns)
        out.untranslated += [
            Untranslated(check, "a model sees one record, without settings")
            for check in dataset.checks
            if check.kind in left
        ]
    aliases = "".join(f"{name} = {expression}\n" for expression, name in out.aliases.items())
    newest = [d for d in topics if d.version == catalogue.latest(d.layer, d.name).version]
    older = [d for d in topics if d not in newest]
    models = "\n\nMODELS: dict[str, type[Event]] = {\n"
    models += "".join(f'    "{d.topic_name}": {names[d.id]},\n' for d in newest) + "}\n"
    models += '"""The model of each topic."""\n'
    if older:
        models += "\nOLDER_MODELS: dict[tuple[str, int], type[Event]] = {\n"
        models += "".join(f'    ("{d.topic_name}", {major(d)}): {names[d.id]},\n' for d in older) + "}\n"
        models += '"""Models of older major versions, whose records travel beside those of the newest."""\n'
    out.text = f"{HEADER}\n{aliases}{out.text}{models}"
    return out


def _name_strings(out: Generated, dataset: Dataset) -> None:
    """Name each pattern after the first field that has it; ids of all sorts are one kind."""
    for top in dataset.columns:
        for column in top.walk():
            expression = _string(column)
            if column.options.pattern and expression not in out.aliases:
                base = "Identifier" if column.name.endswith("_id") else _camel(column.name)
                base = _camel(column.options.format) if column.options.format else base
                taken = set(out.aliases.values())
                name = base if base not in taken else f"{base}{sum(one.startswith(base) for one in taken) + 1}"
                out.aliases[expression] = name


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _string(column: Column) -> str:
    if column.logical_type != "string" or column.enum:
        return ""
    return _annotated("str", _call("StringConstraints", _text(column)))


def _model(out: Generated, name: str, description: str, columns: tuple[Column, ...]) -> None:
    lines: list[str] = []
    required_when: dict[tuple[str, str], tuple[str, ...]] = {}
    for column in columns:
        kind = _type(out, name, column)
        lines.append(f"    {column.name}: {kind}" + ("" if column.required else " | None = None"))
        lines.append(f'    """{_sentence(column)}"""')
        when = column.extensions.required_when
        if when is not None:
            key = (when.field, when.equals)
            required_when[key] = (*required_when.get(key, ()), column.name)
    head = [f"class {name}(Event):", f'    """{description}"""', ""]
    if required_when:
        rules = [f"        {_quoted(key)}: {_quoted(names)}," for key, names in required_when.items()]
        head += ["    required_when: ClassVar[RequiredWhen] = {", *rules, "    }", ""]
    out.text += "\n\n" + "\n".join([*head, *lines]) + "\n"


def _quoted(value: object) -> str:
    """Write a literal as the formatter does: with double quotes."""
    return repr(value).replace("'", '"')


def _sentence(column: Column) -> str:
    unit = f" Unit: {column.unit}." if column.unit else ""
    personal = " Personal." if column.classification == "personal" else ""
    return f"{column.description}{unit}{personal}"


def _type(out: Generated, parent: str, column: Column) -> str:
    if column.logical_type == "array" and column.item is not None:
        return _annotated(f"list[{_type(out, parent, column.item)}]", _items(column))
    if column.logical_type == "object":
        if not column.columns:
            return "dict[str, Any]"
        name = parent + _camel(column.name or column.path.rpartition(".")[2].removesuffix("[]").rstrip("s"))
        _model(out, name, column.description, column.columns)
        return name
    if column.enum:
        return f"Literal[{', '.join(_quoted(value) for value in column.enum)}]"
    if column.logical_type == "string":
        return out.aliases.get(_string(column)) or _string(column)
    return _annotated(_PLAIN[column.logical_type], _call("Field", _range(column)))


def _annotated(kind: str, constraint: str) -> str:
    return f"Annotated[{kind}, {constraint}]" if constraint else kind


def _call(function: str, arguments: dict[str, Any]) -> str:
    given = [f"{name}={_quoted(value)}" for name, value in arguments.items() if value is not None]
    return f"{function}({', '.join(given)})" if given else ""


def _text(column: Column) -> dict[str, Any]:
    options = column.options
    return {"min_length": options.min_length, "max_length": options.max_length, "pattern": options.pattern}


def _range(column: Column) -> dict[str, Any]:
    bounds: dict[str, Any] = {"ge": column.options.minimum, "le": column.options.maximum}
    if column.logical_type == "integer":
        # 64 bits are the limit of every reader further down.
        bounds = {"ge": -(2**63) if bounds["ge"] is None else bounds["ge"], "le": bounds["le"] or 2**63 - 1}
    return bounds


def _items(column: Column) -> str:
    return _call("Field", {"min_length": column.options.min_items, "max_length": column.options.max_items})
