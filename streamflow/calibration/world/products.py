"""A file's own products as the product classes of the generator, whose names the contracts fix."""

from __future__ import annotations

from typing import get_args

import numpy as np

from streamflow.datasets.table import Codes, Floats
from streamflow.generator.parameters import ProductClass

CLASSES: tuple[ProductClass, ...] = ("grocery", "fashion", "home", "digital", "electronics", "travel", "luxury")
"""Product classes from the one bought most often to the one bought least, as generator parameters 1.0.0 assume."""


def class_names(product: Codes, weight: Floats) -> dict[str, ProductClass]:
    """Return the product class that stands for each product of a file.

    A file that uses the classes' own names keeps them. Any other has its products ranked by their purchases: the first
    six are the first six classes, all others the last. What a class is called changes nothing that is measured.

    Args:
        product: The file's column.
        weight: Shape (rows,).
    """
    known = set(get_args(ProductClass))
    if set(product.names) <= known:
        return {name: name for name in product.names}  # type: ignore[misc]
    bought = np.bincount(product.codes[product.codes >= 0], weight[product.codes >= 0], len(product.names))
    ranked = np.argsort(-bought, kind="stable").tolist()
    return {product.names[place]: CLASSES[min(rank, len(CLASSES) - 1)] for rank, place in enumerate(ranked)}


def as_classes(product: Codes, weight: Floats) -> Codes:
    """Return the column with the classes' names, those that occur, in the order of `CLASSES`."""
    named = class_names(product, weight)
    kept = tuple(name for name in CLASSES if name in set(named.values()))
    place = np.array([*(kept.index(named[name]) for name in product.names), -1], dtype=np.int64)
    return Codes(place[product.codes], kept)
