"""Several versions of one topic at the same time: what they must have in common, because the topic is one.

Each record is judged by the version that it states. Name, payload, partitions and bronze table belong to the topic, so
they are fixed; policies of the broker (retention, compaction, sizes) are those of the newest version.
"""

from __future__ import annotations

from collections.abc import Iterator

from streamflow.contracts.catalogue import LAYERS, Catalogue
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.diff import moved

SHARED = ("payload", "partitions", "bronze_table")


def conflicts(catalogue: Catalogue) -> list[str]:
    """Return one sentence for each thing in which two versions on file contradict each other.

    Raises:
        InputError: A contract is wrong.
    """
    sentences = []
    for layer in LAYERS:
        newest: dict[str, Dataset] = {one.name: one for one in catalogue.newest(layer)}
        for one in catalogue.datasets(layer):
            sentences += list(_conflict(one, newest[one.name]))
    return sentences


def _conflict(one: Dataset, newest: Dataset) -> Iterator[str]:
    names = one.contract.schema[0].physical_name, newest.contract.schema[0].physical_name
    if one.topic is None or newest.topic is None:
        return
    if names[0] != names[1]:
        yield _sentence(one, newest, "physical_name", f"{moved(*names)}")
    for field in SHARED:
        mine, theirs = getattr(one.topic, field), getattr(newest.topic, field)
        if mine != theirs:
            yield _sentence(one, newest, field, moved(mine, theirs))


def _sentence(one: Dataset, newest: Dataset, field: str, step: str) -> str:
    return (
        f"{newest.path}: {newest.id} and {one.id} share one topic, but not its {field} ({step}); "
        f"keep it, or describe another topic."
    )
