"""One HTML page that opens without a network: template, plots and the plotting library in one file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from markupsafe import Markup

SHARED = Path(__file__).parent / "templates"
"""`page.html.j2`, which a report's template extends: head, style, light and dark; `parts.html.j2`: tiles, cells."""


def write_page(path: Path, template: Path, plots: Mapping[str, go.Figure], **values: Any) -> Path:
    """Render a page.

    Args:
        path: Where the page goes; its folder is made.
        template: The report's template; it extends `page.html.j2`.
        plots: What the template shows as `plots.<name>`.
        **values: What else it shows. A name that it uses and nobody gives is an error.

    Returns:
        The path.
    """
    from plotly.offline import get_plotlyjs

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, SHARED]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template(template.name).render(
        plots={name: _safe(_fragment(drawn)) for name, drawn in plots.items()}, plotlyjs=_safe(get_plotlyjs()), **values
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def data_in_page(encoded: str) -> Markup:
    """Return JSON that may stand in a page: no name in it can end the script that holds it."""
    return _safe(encoded.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _fragment(figure: go.Figure) -> str:
    config = {"displayModeBar": False, "responsive": True}
    return str(figure.to_html(full_html=False, include_plotlyjs=False, config=config))


def _safe(text: str) -> Markup:
    return jinja2.filters.do_mark_safe(text)
