"""Pages for a browser: one file, nothing from elsewhere, nothing that a name could break; tables for a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import jinja2
import plotly.graph_objects as go
import pytest
from rich.console import Console

from streamflow.pages.drawing import interval_bars, laid_out
from streamflow.pages.page import data_in_page, write_page
from streamflow.pages.terminal import stacked, tight_table

TEMPLATE = """{% extends "page.html.j2" %}{% from "parts.html.j2" import cell, row_of_tiles %}
{% block title %}{{ name }}{% endblock %}
{% block body %}<p>{{ name }}</p>{{ row_of_tiles(tiles) }}{{ cell("41 % (38 to 44)") }}
{% for plot in plots.values() %}{{ plot }}{% endfor %}
<script type="application/json" id="data">{{ data }}</script>{% endblock %}"""
NAME = "</script><b>shop & co</b>"
TILES = [{"value": "7", "label": "alerts", "note": "a day"}]


def page(folder: Path, plots: dict[str, go.Figure], template: str = TEMPLATE) -> str:
    """Write a page and return its text."""
    (folder / "one.html.j2").write_text(template, encoding="utf-8")
    data = data_in_page(json.dumps({"name": NAME}))
    path = write_page(folder / "deep" / "page.html", folder / "one.html.j2", plots, name=NAME, tiles=TILES, data=data)
    return path.read_text(encoding="utf-8")


def test_a_page_holds_style_for_light_and_dark_and_the_plotting_library_where_it_draws(tmp_path: Path) -> None:
    """Nothing is loaded from elsewhere; a page without a plot does not carry four megabytes for nothing."""
    drawn = laid_out(go.Figure(go.Bar(x=[1], y=["a"], error_x=interval_bars([0.5], [0.25]))), x="share", y="")
    with_plot, without = page(tmp_path, {"one": drawn}), page(tmp_path, {})
    assert "prefers-color-scheme: dark" in without
    assert (len(with_plot) > 1_000_000, len(without) < 10_000) == (True, True)
    assert "Plotly.newPlot" in with_plot
    assert 'src="http' not in with_plot
    assert "41 % <small>(38 to 44)</small>" in without
    assert '<div class="tile"><b>7</b>alerts' in without


def test_no_name_ends_the_element_that_holds_it(tmp_path: Path) -> None:
    """Escaped where it is text, and where it is data read back as it was."""
    text = page(tmp_path, {})
    assert "<b>shop" not in text
    assert text.count("&lt;/script&gt;&lt;b&gt;shop &amp; co&lt;/b&gt;") == 2
    held = text.partition('id="data">')[2].partition("</script>")[0]
    assert json.loads(held) == {"name": NAME}


def test_a_template_that_shows_what_nobody_gave_fails(tmp_path: Path) -> None:
    """An empty place on a page would go unnoticed."""
    with pytest.raises(jinja2.UndefinedError, match="nobody"):
        page(tmp_path, {}, TEMPLATE.replace("{{ name }}</p>", "{{ nobody }}</p>"))


def test_a_terminal_table_puts_intervals_below_their_figures() -> None:
    """Text to the left, numbers to the right, nothing cut."""
    table = tight_table("Rules", "rule", "precision", gap=1)
    table.add_row("velocity", stacked("41.2% (38.0% to 44.1%)"))
    table.add_row("any", stacked("unknown"))
    console = Console(width=40, record=True, file=None, quiet=False)
    with console.capture() as shown:
        console.print(table)
    lines = [line.rstrip() for line in shown.get().splitlines()]
    assert lines[0] == "Rules"
    assert lines[3].split() == ["velocity", "41.2%"]
    assert lines[4].split() == ["38.0%", "to", "44.1%"]
    assert max(map(len, lines)) == len(lines[4])
