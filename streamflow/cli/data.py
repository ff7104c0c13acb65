"""`streamflow data`: samples, and the public files that figures are measured on."""

from __future__ import annotations

from pathlib import Path

import typer

app = typer.Typer(no_args_is_help=True)


@app.command()
def sample(
    check: bool = typer.Option(
        False, "--check", help="Write nothing; fail if a sample is not what its generator gives."
    ),
) -> None:
    """Write the sample files of data/sample and their manifest.

    Example: streamflow data sample --check
    """
    from streamflow.calibration.samples import sample_files
    from streamflow.datasets.samples import check_samples, write_samples

    manifest = check_samples(sample_files()) if check else write_samples(sample_files())
    for name, one in manifest.samples.items():
        typer.echo(f"{'as generated' if check else 'written':<12}  {one.rows:>7,} rows  {name}")


@app.command()
def fetch(
    dataset: str = typer.Argument(help="ulb or ieee-cis."),
    folder: Path | None = typer.Option(None, help="Where to; data/raw of the checkout, which git ignores."),
) -> None:
    """Fetch a public dataset with Kaggle's client and your token, and verify its rows and columns.

    Example: streamflow data fetch ulb
    """
    from streamflow.datasets.fetch import fetch as bring
    from streamflow.datasets.raw_folder import RAW

    entry = bring(dataset, folder or RAW, say=typer.echo)
    typer.echo(f"{entry.state}: {entry.path} ({entry.says})")


@app.command("list")
def list_data(
    folder: Path | None = typer.Option(None, help="Where to look; data/raw of the checkout."),
) -> None:
    """List the public datasets and the samples: what is there, and whether it is what was published.

    Example: streamflow data list
    """
    from streamflow.datasets.manifest import load_manifest
    from streamflow.datasets.raw_folder import RAW, look_at_all

    wrong = False
    for entry in look_at_all(folder or RAW):
        typer.echo(f"{entry.dataset:<10}  {entry.state:<9}  {entry.path or '-'}  {entry.says}")
        wrong = wrong or entry.state == "wrong"
    for name, one in load_manifest().samples.items():
        typer.echo(f"{'sample':<10}  {'generated':<9}  {name}  {one.rows:,} rows in the shape of {one.shape}")
    if wrong:
        raise typer.Exit(1)
