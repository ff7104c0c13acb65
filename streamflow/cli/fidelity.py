"""`streamflow fidelity`: is a generated run like the purchases that it was calibrated on? Gate by gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from streamflow.calibration.fidelity.gates import Check, Fidelity
    from streamflow.datasets.table import PurchaseTable
    from streamflow.generator.parameters import Parameters

app = typer.Typer()
PUBLIC = ("ieee-cis", "ulb")
SAMPLE = "sample"
DATASETS = (*PUBLIC, SAMPLE)
STYLES = {"passed": "green", "failed": "bold red", "not identifiable": "dim"}
TIMES = 2
"""As many purchases as the source has, this many times, when nobody says how many: the run's own noise adds less."""


@app.command()
def fidelity(
    file: Annotated[
        str, typer.Argument(help="A labelled file of your own, with --mapping, or one in the shape of --dataset.")
    ] = "",
    *,
    mapping: Annotated[str, typer.Option(help="What the columns of an own file mean.")] = "",
    dataset: Annotated[
        str, typer.Option(help="ulb or ieee-cis, the file of data/raw; sample, the shipped export of a shop.")
    ] = "",
    generator: Annotated[
        str, typer.Option(help="Version of the generator parameters to judge; calibrated on the source if not given.")
    ] = "",
    rows: Annotated[
        int | None, typer.Option(min=1, help="Purchases of the run; twice those of the source if not given.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of resamples, of the run and of the random halves.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print the gates as JSON.")] = False,
) -> None:
    """Hold a generated run against labelled purchases: amounts, hours, products, fraud rates and behaviour.

    The floor is what two halves of the source lie apart; notebooks/fidelity.ipynb shows each gate with its figures.
    Exits 1 when a gate fails, and when no gate could be judged at all.

    Example: streamflow fidelity shop.csv --mapping shop.yaml --generator 1.1.0
    """
    from rich.console import Console

    from streamflow.generator.parameters import load_parameters, parameter_file
    from streamflow.settings import settings

    # First, since it costs nothing: a version that is not there is told before a large file is read.
    base = load_parameters(parameter_file(settings().contracts_dir / "generator", generator or None))
    with Console(stderr=True).status("reading purchases ...") as status:
        source = _source(file, mapping, dataset)
        status.update(f"generating a run and judging it on {len(source):,} rows ...")
        result = _judged(source, base, rows, seed, calibrated=not generator)
    if json:
        typer.echo(result.json(), nl=False)
    else:
        _show(result, f"generator parameters {base.version}" if generator else "calibrated on the source")
    raise typer.Exit(0 if result.passed else 1)


def _source(file: str, mapping: str, dataset: str) -> PurchaseTable:
    """Read what is named.

    Raises:
        InputError: Nothing or too much is named, or the file is wrong.
    """
    from streamflow.calibration.loading import load_purchases
    from streamflow.errors import InputError, nearest

    if dataset and dataset not in DATASETS:
        raise InputError(f"There is no dataset '{dataset}'; {nearest(dataset, DATASETS)}")
    if dataset in PUBLIC:
        return load_purchases(dataset.replace("-", "_"), file or "raw", mapping)
    if dataset == SAMPLE:
        if file or mapping:
            raise InputError("--dataset sample is a file with a mapping of its own: leave FILE and --mapping out.")
        return load_purchases("own")
    if not file:
        raise InputError(f"Name a FILE with its --mapping, or one of --dataset {', '.join(DATASETS)}.")
    if not mapping:
        raise InputError(
            f"{file} is a file of your own: name its --mapping, as 'streamflow mapping suggest' writes one."
        )
    return load_purchases("own", file, mapping)


def _judged(source: PurchaseTable, base: Parameters, rows: int | None, seed: int, *, calibrated: bool) -> Fidelity:
    """Run a world as it is, or as the source calibrates it, and compare; as notebooks/fidelity.ipynb does."""
    from streamflow.calibration.fidelity.gates import fidelity as judge
    from streamflow.calibration.fidelity.gates import regenerate
    from streamflow.calibration.world.fit import generator_figures, generator_parameters

    world = generator_parameters(base, generator_figures(source, base, seed)) if calibrated else base
    times = TIMES if rows is None else rows / float(source.weight.sum())
    return judge(source, regenerate(world, source, seed, times), seed)


def _show(result: Fidelity, world: str) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("gate", no_wrap=True)
    for heading in ("value", "limit", "floor"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for check in result.checks:
        figures = (_digits(one) for one in (check.value, check.limit, check.floor))
        table.add_row(check.name, *figures, f"[{STYLES[check.verdict]}]{check.verdict}[/]")
    console.print(table)
    for check in result.checks:
        if check.verdict != "passed":
            console.print(f"{check.verdict}: {check.name}: {check.note}", markup=False)
    console.print(f"source: {result.source.name}, {result.source.rows or 0:,} rows", markup=False)
    console.print(f"run: {world}, {result.generated.rows or 0:,} rows", markup=False)
    console.print(_sentence(result.checks))


def _digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _sentence(checks: tuple[Check, ...]) -> str:
    counts = {verdict: sum(check.verdict == verdict for check in checks) for verdict in STYLES}
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    if not counts["passed"] + counts["failed"]:
        return f"No gate could be judged ({told})."
    return f"{len(checks)} gates: {told}."
