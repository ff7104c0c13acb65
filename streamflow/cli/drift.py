"""`streamflow drift`: have live purchases moved away from those that the rules were calibrated on?"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def drift(
    days: Annotated[int, typer.Option(help="Whole UTC days to look at, the newest that have ended.")] = 1,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Their end, exclusive, as 2026-01-31; by default the clock's."),
    ] = None,
    calibration: Annotated[str, typer.Option(help="A calibration by its id; the one in force if not given.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Compare the last days of silver with the calibration's baselines, and matured alerts with its precision.

    Exits 1 when a statistic moved beyond its sampling noise, or precision fell below its interval; 0 when none did, and
    also when nothing could be compared, which is said. Example: streamflow drift --days 7
    """
    from datetime import UTC

    from streamflow.contracts.calibrations import load_calibration
    from streamflow.log import configure
    from streamflow.quality.drift import drift as look
    from streamflow.settings import settings

    values = settings()
    configure("ERROR" if values.log_level == "INFO" else values.log_level)
    chosen = load_calibration(calibration, values.contracts_dir) if calibration else None
    end = None if until is None else until.replace(tzinfo=UTC)
    report = look(values, chosen, days=days, until=end, run_id="cli")
    if json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(report.as_dict()), indent=2).decode())
        raise typer.Exit(1 if report.moved else 0)
    for said in report.said:
        typer.echo(said)
    for path, why in report.skipped.items():
        typer.echo(f"not compared: {path} ({why})")
    if report.precision is not None and not report.precision.moved:
        typer.echo(report.precision.sentence)
    typer.echo(report.summary)
    raise typer.Exit(1 if report.moved else 0)
