"""`streamflow generate`: a simulated run, to a file or to Kafka."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

app = typer.Typer()
DEFAULT_FILE = Path("purchases.jsonl.gz")


@app.command()
def generate(
    *,
    purchases: int = typer.Option(100_000, help="Distinct valid purchases, fraud included."),
    days: int = typer.Option(5, help="Simulated days of full traffic; a tail for late labels follows."),
    seed: int = typer.Option(7, help="The same seed gives the same bytes."),
    out: Path | None = typer.Option(
        None, help=f"Write a file, one JSON line a record (.gz compresses); {DEFAULT_FILE} when nothing is said."
    ),
    kafka: bool = typer.Option(False, "--kafka", help="Send to Kafka instead."),
    truth: Path | None = typer.Option(None, help="Write which purchases are fraud, one JSON line each."),
    notices: Path | None = typer.Option(None, help="Write the public notices of compromised merchants."),
    rate: float | None = typer.Option(None, help="With --kafka: purchases a second of the wall clock."),
    speed: float | None = typer.Option(None, help="With --kafka: seconds of event time a second."),
    fraud_rate: float | None = typer.Option(None, help="Share of purchases that are fraud."),
    fault_rate: float | None = typer.Option(None, help="Share of purchases with a fault on the way; 0 is clean."),
    start: str | None = typer.Option(None, help="First simulated day, as 2026-01-05."),
    parameters: str | None = typer.Option(
        None, help="Version in contracts/generator; the newest released one if unsaid."
    ),
    json: bool = typer.Option(False, "--json", help="Print the outcome as JSON."),
) -> None:
    """Generate purchases, sessions, labels and reference changes, in the order of the log.

    Example: streamflow generate --purchases 20000 --days 3 --out run.jsonl.gz --truth truth.jsonl
    """
    from streamflow.cli.sending import deliver
    from streamflow.errors import InputError, Interrupted
    from streamflow.generator.runs import emissions_with_truth, plan_run, write_notices
    from streamflow.generator.simulation import Simulation
    from streamflow.settings import settings

    if kafka and out is not None:
        raise InputError("Give either --kafka or --out, not both.")
    if not kafka and (rate is not None or speed is not None):
        raise InputError("--rate and --speed only mean something with --kafka.")
    plan = plan_run(
        settings(),
        purchases=purchases,
        days=days,
        seed=seed,
        fraud_rate=fraud_rate,
        fault_rate=fault_rate,
        start=start,
        version=parameters,
    )
    simulation = Simulation(plan)
    if notices is not None:
        write_notices(notices, simulation)
    outcome: dict[str, Any] = deliver(
        settings(),
        emissions_with_truth(simulation, truth),
        out=None if kafka else out or DEFAULT_FILE,
        rate=rate,
        speed=speed,
        total=purchases,
        details=lambda: {"seed": seed, "run": plan.tag, "generated": dict(sorted(simulation.counts.items()))},
        as_json=json,
    )
    if outcome["interrupted"]:
        raise typer.Exit(Interrupted.exit_code)
