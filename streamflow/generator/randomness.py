"""Named random streams, so that the same seed gives the same bytes and one part's draws never move another's.

Stream `name` of a run with seed `s` is PCG64 seeded by `SeedSequence(s, spawn_key=(index of name, *keys))`. A slot of
time and an episode of fraud have keys of their own: a world with more fraud has the same customers and habits.
Names are only ever appended to `STREAMS`; their order is part of the scheme.
"""

from __future__ import annotations

import numpy as np

STREAMS = (
    "customers",
    "merchants",
    "products",
    "stores",
    "changes",
    "arrivals",
    "slot",
    "schedule",
    "episode",
    "labels",
    "notices",
)


def stream(seed: int, name: str, *keys: int) -> np.random.Generator:
    """Return the generator of one named stream.

    Args:
        seed: The seed of the run, 0 or more.
        name: One of `STREAMS`.
        *keys: Which slot or episode.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(STREAMS.index(name), *keys))))
