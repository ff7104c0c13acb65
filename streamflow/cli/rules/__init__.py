"""`streamflow rules`: show rule sets, publish them, change what is in force, and edit the blacklist."""

from __future__ import annotations

import typer

from streamflow.cli.compare import compare
from streamflow.cli.rules.blacklist import app as blacklist
from streamflow.cli.rules.changing import promote, retire, rollback
from streamflow.cli.rules.listing import list_rule_sets, show_rule_set
from streamflow.cli.rules.publishing import publish

app = typer.Typer(no_args_is_help=True, help="Show and publish rule sets, change what is in force, edit the blacklist.")
app.command("list")(list_rule_sets)
app.command("show")(show_rule_set)
app.command("publish")(publish)
app.command("promote")(promote)
app.command("rollback")(rollback)
app.command("retire")(retire)
app.command("compare")(compare)
app.add_typer(blacklist, name="blacklist")
