"""`streamflow data`: samples, and the public files that figures are measured on."""

from __future__ import annotations

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
