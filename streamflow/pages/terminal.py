"""Tables for a terminal of 80 columns: no frame, and intervals below their figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


def tight_table(title: str, *columns: str, left: int = 1, gap: int = 0) -> Table:
    """Return an empty table.

    Args:
        title: What stands above it.
        columns: Their heads; a head may have several lines.
        left: How many columns, from the first, hold text; the others hold numbers and stand to the right.
        gap: Blanks between columns, beside the one that always stands there.
    """
    from rich import box
    from rich.table import Table

    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, gap, 0, 0)
    )
    for at, name in enumerate(columns):
        table.add_column(name, justify="left" if at < left else "right", no_wrap=True)
    return table


def stacked(text: str) -> str:
    """Put what stands in brackets behind a figure on a line of its own below it: `41 % (38 to 44)`."""
    value, _, below = text.partition(" (")
    return f"{value}\n[dim]{below.rstrip(')')}[/dim]" if below else value
