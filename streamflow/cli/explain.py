"""`streamflow explain`: where a threshold comes from, and why an alert fired."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streamflow.cli.explain_alert import alert

if TYPE_CHECKING:
    from streamflow.contracts.calibrations import Calibration
    from streamflow.contracts.rule_sets import RuleSet

app = typer.Typer(no_args_is_help=True, help="Say where a threshold comes from, and why an alert fired.")
app.command()(alert)

ULO = 1_000_000


@app.command()
def threshold(
    name: Annotated[
        str, typer.Argument(help="A rule, a measure as velocity.purchases, or 'alert' for the alert threshold.")
    ],
    version: Annotated[
        str | None, typer.Option("--rule-set", help="Version of the rule set; the newest released if not given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Walk from a threshold to rule set, calibration, notebook and its parameters, data and interval.

    Example: streamflow explain threshold velocity
    """
    from streamflow.contracts.calibrations import load_calibration
    from streamflow.contracts.released import newest_released, released_files
    from streamflow.contracts.rule_sets import load_rule_set
    from streamflow.settings import settings

    root = settings().contracts_dir
    rule_set = load_rule_set(version or newest_released(root, "fraud_rules"), root)
    calibration = None if rule_set.calibration is None else load_calibration(rule_set.calibration, root)
    wanted = _wanted(rule_set, name)
    rows = [row for row in _rows(rule_set, calibration) if row["figure"].startswith(wanted)]
    head = _head(rule_set, released_files(root)[f"fraud_rules/{rule_set.version}.yaml"], calibration)
    if as_json:
        typer.echo(json.dumps({"chain": head, "figures": rows}, indent=2))
        return
    _show(head, rows)


def _wanted(rule_set: RuleSet, name: str) -> tuple[str, ...]:
    """Return the beginnings of the figures that a name means."""
    from streamflow.contracts.rule_sets import RULES
    from streamflow.errors import InputError, nearest

    measures = [f"{rule}.{measure}" for rule, measure, _ in rule_set.measures()]
    if name == "alert":
        return ("prior", "alert_threshold")
    if name in RULES:
        return (f"{name}.",)
    if name in measures:
        return (f"{name}.",)
    raise InputError(f"There is no threshold '{name}'; {nearest(name, [*RULES, *measures, 'alert'])}")


def _head(rule_set: RuleSet, sha256: str, calibration: Calibration | None) -> list[dict[str, str]]:
    from streamflow.contracts.site.chain import chain_head

    return [
        {"what": link.what, "which": link.text, "detail": link.detail}
        for link in chain_head(rule_set, sha256, calibration)
    ]


def _rows(rule_set: RuleSet, calibration: Calibration | None) -> list[dict[str, Any]]:
    """Return every figure of a rule set with what stands behind it."""
    from streamflow.contracts.rule_sets import RULES

    rows = [
        _row("prior_ulo", rule_set.prior_ulo, rule_set.prior_status, calibration),
        _row("alert_threshold_ulo", rule_set.alert_threshold_ulo, rule_set.alert_threshold_status, calibration),
    ]
    for rule in RULES:
        stated = getattr(rule_set.rules, rule)
        rows += [
            _row(f"{rule}.{field}", getattr(stated, field), "assumed", calibration)
            for field in stated.__struct_fields__
            if field != "measures"
        ]
    for rule, measure, bands in rule_set.measures():
        for band in bands.bands:
            path = f"{rule}.{measure}.{band.id}"
            rows.append(_row(f"{path}.at_least", band.at_least, band.status, calibration, bands.unit))
            rows.append(_row(f"{path}.weight_ulo", band.weight_ulo, band.status, calibration))
    return rows


def _row(path: str, value: float, status: str, calibration: Calibration | None, unit: str = "") -> dict[str, Any]:
    figure = None if calibration is None else calibration.figures.get(f"rules.{path}")
    row: dict[str, Any] = {"figure": path, "value": value, "unit": unit, "status": status}
    if figure is None or calibration is None:
        return row | {"interval": None, "n": None, "method": "", "source": "", "reason": "nobody measured it"}
    source = calibration.sources[figure.source]
    named = f"{source.name}, {source.kind}"
    if source.sha256:
        named += f", {source.rows:,} rows, sha256 {source.sha256[:12]}"
    return row | {
        "unit": figure.unit,
        "status": figure.status,
        "interval": figure.interval,
        "n": figure.n,
        "method": figure.method,
        "source": named,
        "reason": figure.reason,
    }


def _show(head: list[dict[str, str]], rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    for link in head:
        console.print(f"[bold]{link['what']}[/bold] {escape(link['which'])}  [dim]{escape(link['detail'])}[/dim]")
    for row in rows:
        sure = [row["status"]]
        if row["interval"] is not None:
            low, high = (_plain(row, end) for end in row["interval"])
            sure += [f"95 % interval {low} to {high}", f"n {row['n']:,}"]
        console.print(f"\n[bold]{row['figure'].removesuffix('_ulo')}[/bold] {_told(row)}  ({', '.join(sure)})")
        for line in filter(None, (row["method"], row["source"], row["reason"])):
            console.print(f"  [dim]{escape(line)}[/dim]")


def _plain(row: dict[str, Any], value: float) -> str:
    if row["figure"].endswith("_ulo"):
        return f"{value / ULO:.3f}"
    return f"{int(value) if value == int(value) else value:,}"


def _told(row: dict[str, Any]) -> str:
    unit = "log-odds" if row["figure"].endswith("_ulo") else row["unit"]
    return f"{_plain(row, row['value'])} {unit}".rstrip()
