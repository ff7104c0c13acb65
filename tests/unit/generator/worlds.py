"""Small simulated runs that several tests look at."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from streamflow.generator.parameters import Parameters, load_parameters
from streamflow.generator.records import Emission
from streamflow.generator.simulation import Simulation
from streamflow.generator.world import Plan

CONTRACTS = Path(__file__).resolve().parents[3] / "contracts"
PARAMETERS = CONTRACTS / "generator" / "1.0.0.yaml"


class Run(NamedTuple):
    """A finished run: its records, its truth and its own counts."""

    simulation: Simulation
    emissions: list[Emission]
    truth: list[dict[str, Any]]


@cache
def shipped() -> Parameters:
    """Return the shipped parameters."""
    return load_parameters(PARAMETERS)


@cache
def run(purchases: int = 20_000, days: int = 5, seed: int = 7) -> Run:
    """Return a run of the shipped world."""
    simulation = Simulation(Plan(shipped(), purchases, days, seed))
    lines: list[bytes] = []
    emissions = list(simulation.emissions(lines.append))
    return Run(simulation, emissions, [json.loads(line) for line in lines])
