"""A simulated run from its few arguments to the files and topics it fills; what commands and the demonstration call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from streamflow.errors import InputError
from streamflow.generator import emission_files
from streamflow.generator.parameters import load_parameters, parameter_file
from streamflow.generator.records import Emission
from streamflow.generator.simulation import Simulation
from streamflow.generator.world import Plan

if TYPE_CHECKING:
    from streamflow.settings import Settings


def plan_run(
    settings: Settings,
    *,
    purchases: int,
    days: int,
    seed: int,
    fraud_rate: float | None = None,
    fault_rate: float | None = None,
    start: str | None = None,
    version: str | None = None,
) -> Plan:
    """Return the plan of a run, from the parameter file and what shall differ from it.

    Args:
        settings: Where the contracts are, and the base currency.
        purchases: Distinct valid purchases, fraud included.
        days: Days of full traffic, before the tail.
        seed: The same seed gives the same bytes.
        fraud_rate: Share of purchases that are fraud; the file's when not given.
        fault_rate: Share of purchases with a fault on the way, split among the kinds as the file does; 0 is clean.
        start: The first day, ISO 8601; UTC.
        version: Version of the parameter file; the newest released one when not given.

    Raises:
        InputError: A value is out of its range, or the run would end after the present.
    """
    parameters = load_parameters(parameter_file(settings.contracts_dir / "generator", version))
    changes: dict[str, object] = {}
    if fraud_rate is not None:
        if not 0 <= fraud_rate <= 0.2:
            raise InputError(f"--fraud-rate must lie between 0 and 0.2, not {fraud_rate:g}.")
        changes["fraud"] = parameters.fraud.model_copy(update={"rate": fraud_rate})
    if fault_rate is not None:
        if not 0 <= fault_rate <= 0.5:
            raise InputError(f"--fault-rate must lie between 0 and 0.5, not {fault_rate:g}.")
        changes["faults"] = parameters.faults.scaled_to(fault_rate)
    if start is not None:
        try:
            begin = datetime.fromisoformat(start)
        except ValueError:
            raise InputError(f"--start must be a date as 2026-01-05, not '{start}'.") from None
        changes["start"] = begin.replace(tzinfo=UTC) if begin.tzinfo is None else begin.astimezone(UTC)
    plan = Plan(parameters.model_copy(update=changes), purchases, days, seed, settings.base_currency)
    plan.check_before(datetime.now(UTC))
    return plan


def write_notices(path: Path, simulation: Simulation) -> int:
    """Write the public notices of a run, one JSON line each; return how many."""
    notices = simulation.notices()
    with emission_files.open_output(path) as file:
        for notice in notices:
            file.write(json.dumps(notice, separators=(",", ":")).encode() + b"\n")
    return len(notices)


def emissions_with_truth(simulation: Simulation, truth: Path | None) -> Iterator[Emission]:
    """Yield a run's emissions while its truth goes to a file outside the platform.

    Args:
        simulation: The run.
        truth: Gets customer_id, transaction_id, is_fraud and scenario of each purchase, one JSON line each.
    """
    with ExitStack() as stack:
        on_truth: Callable[[bytes], object] | None = None
        if truth is not None:
            on_truth = stack.enter_context(emission_files.open_output(truth)).write
        yield from simulation.emissions(on_truth)
