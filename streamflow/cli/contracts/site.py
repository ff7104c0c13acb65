"""`streamflow contracts site`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT = ".cache/catalogue"


def site(
    out: Annotated[
        Path | None, typer.Option("--out", help=f"Folder of the site; {DEFAULT} in the checkout if not given.")
    ] = None,
) -> None:
    """Write the catalogue as a static site that opens without a network.

    Example: streamflow contracts site --out public
    """
    from streamflow.contracts.site import write_site
    from streamflow.settings import settings

    folder = out or settings().root / DEFAULT
    pages = write_site(settings().contracts_dir, folder)
    typer.echo(f"wrote {len(pages)} pages; open {folder / 'index.html'}")
