"""Generating streamflow/contracts/names.py: the names that code needs as constants, from the contracts."""

from __future__ import annotations

from streamflow.contracts.catalogue import Catalogue

HEADER = '''"""Names of topics and tables, and the vocabulary of rejections.

Generated from contracts/ by `streamflow contracts build`; edit the contracts instead.
"""

from __future__ import annotations

from typing import Final, Literal
'''

DEAD_LETTERS = "dead-letters"


def constant(name: str) -> str:
    """Return the constant's name for a topic, as `TRANSACTIONS_RAW`."""
    return name.replace(".", "_").replace("-", "_").upper()


def render(catalogue: Catalogue) -> str:
    """Return the text of names.py.

    Args:
        catalogue: The contracts.

    Returns:
        Formatted Python.
    """
    topics = catalogue.topics()
    reasons = catalogue.topic(DEAD_LETTERS).column("reason").enum
    lines = [HEADER]
    lines += [f'{constant(t.name)}: Final = "{t.name}"' for t in topics]
    lines += [
        "",
        "# Every topic, then those that the ingestion reads (dead letters are what it writes).",
        "TOPICS: Final = (",
    ]
    lines += [f"    {constant(t.name)}," for t in topics]
    lines += [")", "SOURCE_TOPICS: Final = ("]
    lines += [f"    {constant(t.name)}," for t in topics if t.topic and t.topic.payload == "json"]
    lines += [")", "", "BRONZE_TABLES: Final[dict[str, str]] = {"]
    lines += [f'    {constant(t.name)}: "{catalogue.bronze_table_for(t.name)}",' for t in topics]
    lines += ["}", "", "Reason = Literal["]
    lines += [f'    "{reason}",' for reason in reasons]
    lines += ["]", "REASONS: Final[tuple[Reason, ...]] = ("]
    lines += [f'    "{reason}",' for reason in reasons]
    lines += [
        ")",
        "",
        "",
        "def bronze_table_for(topic: str) -> str:",
        '    """Return the bronze table of a topic, as `bronze.raw_transactions`; KeyError for another name."""',
        "    return BRONZE_TABLES[topic]",
    ]
    return "\n".join(lines) + "\n"
