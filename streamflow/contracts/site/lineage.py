"""Who writes a dataset and who reads it, as a small drawing of boxes; it scales, and each box is a link."""

from __future__ import annotations

from dataclasses import dataclass

from streamflow.contracts.site.links import party_anchor

BOX_W, BOX_H, GAP_X, GAP_Y = 210, 34, 70, 12


@dataclass(frozen=True, slots=True)
class Box:
    """A box with its text; `href` is empty for the dataset itself."""

    x: int
    y: int
    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes and the lines between them.

    Attributes:
        width: Of the whole, in units of the drawing.
        height: Likewise.
        boxes: Every box.
        lines: From (x, y) to (x, y), each an arrow.
        title: What it shows, for those who do not see it.
    """

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[tuple[int, int, int, int], ...]
    title: str


def draw(name: str, producers: tuple[str, ...], consumers: tuple[str, ...], href: str) -> Drawing:
    """Draw writers at the left, readers at the right.

    Args:
        name: The dataset.
        producers: Who writes it.
        consumers: Who reads it.
        href: Where a party's box leads, with `{}` for its anchor.
    """
    rows = max(len(producers), len(consumers), 1)
    height = rows * (BOX_H + GAP_Y) + GAP_Y
    middle = (height - BOX_H) // 2
    columns = (2, 2 + BOX_W + GAP_X, 2 + 2 * (BOX_W + GAP_X))
    centre = Box(columns[1], middle, name, "")
    left = _column(producers, columns[0], height, href)
    right = _column(consumers, columns[2], height, href)
    half = BOX_H // 2
    lines = [(box.x + BOX_W, box.y + half, centre.x - 4, middle + half) for box in left]
    lines += [(centre.x + BOX_W, middle + half, box.x - 4, box.y + half) for box in right]
    title = f"{', '.join(producers) or 'nobody'} write {name}; {', '.join(consumers) or 'nobody'} read it."
    return Drawing(columns[2] + BOX_W + 2, height, (centre, *left, *right), tuple(lines), title)


def _column(names: tuple[str, ...], x: int, height: int, href: str) -> list[Box]:
    top = (height - len(names) * (BOX_H + GAP_Y) + GAP_Y) // 2
    step = BOX_H + GAP_Y
    return [Box(x, top + at * step, name, href.format(party_anchor(name))) for at, name in enumerate(names)]
