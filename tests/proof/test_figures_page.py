"""docs/FIGURES.md is what calibrations of the samples give; a minute or two, because they are computed."""

from __future__ import annotations

from streamflow.calibration.figures_page import PAGE, current


def test_the_page_of_figures_is_what_the_samples_give() -> None:
    """Every row, for every dataset; `make figures` mends it."""
    text = current()
    assert text.count("\n| `") > 60
    assert PAGE.read_text(encoding="utf-8") == text
