"""`streamflow contracts`: list, show, check, build, compare, release and publish data contracts."""

from __future__ import annotations

import typer

from streamflow.cli.contracts.checking import build, check
from streamflow.cli.contracts.listing import list_contracts, show
from streamflow.cli.contracts.site import site
from streamflow.cli.contracts.versions import diff, release

app = typer.Typer(no_args_is_help=True, help="Check, compile and compare data contracts.")
app.command("list")(list_contracts)
app.command("show")(show)
app.command("check")(check)
app.command("build")(build)
app.command("diff")(diff)
app.command("release")(release)
app.command("site")(site)
