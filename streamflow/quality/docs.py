"""Data Docs that open without a network, that do not grow without end, and that say how many purchases came late.

Great Expectations' pages load sixteen assets from public content networks, and its templates cannot be overridden.
After each build the references are replaced by one style sheet and one script of ours, beside the pages.
"""

from __future__ import annotations

import os
import re
import shutil
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from streamflow.errors import StreamFlowError

if TYPE_CHECKING:
    from streamflow.quality.lateness import Lateness

ASSETS = ("offline.css", "offline.js")
KEPT_RUNS = 10
DAYS_SHOWN = 14

_REMOTE = re.compile(
    r"""<link\b[^>]*href="https?://[^"]*"[^>]*>|<script\b[^>]*src="https?://[^"]*"[^>]*>\s*</script>"""
    r"""|<img\b[^>]*src="https?://[^"]*"[^>]*>""",
    re.IGNORECASE,
)
_LOADED = re.compile(r"""<(?:link|script|img|iframe)\b[^>]*(?:href|src)="(https?://[^"]*)\"""", re.IGNORECASE)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_LATE = re.compile(r'<section id="late-purchases".*?</section>', re.DOTALL)
_HEAD_END = re.compile(r"</head>", re.IGNORECASE)


def make_offline(site: Path) -> int:
    """Make every page of a site independent of the network.

    Args:
        site: The folder that holds `index.html`.

    Returns:
        How many pages were changed; pages done before are left as they are.

    Raises:
        StreamFlowError: A page still loads something from the network, because the library's templates have changed.
    """
    source = Path(__file__).parent / "assets"
    folder = site / "assets"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ASSETS:
        shutil.copyfile(source / name, folder / name)
    changed = 0
    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        if not _LOADED.search(text):
            continue
        above = os.path.relpath(folder, page.parent)
        ours = f'<link rel="stylesheet" href="{above}/offline.css"><script src="{above}/offline.js"></script>'
        text = _HEAD_END.sub(f"{ours}</head>", _REMOTE.sub("", text), count=1)
        left = _LOADED.search(text)
        if left:
            raise StreamFlowError(f"The page {page.name} of Data Docs still loads {left.group(1)} from the network.")
        page.write_text(text, encoding="utf-8")
        changed += 1
    return changed


def tell_lateness(index: Path, late: Lateness) -> None:
    """Put the share of late purchases on the first page, in place of what an earlier run put there.

    Args:
        index: The page.
        late: What to say.

    Raises:
        StreamFlowError: The page has no body, because the library's templates have changed.
    """
    rows = "".join(
        f"<tr><td>{day:%Y-%m-%d}</td><td>{one.purchases:,}</td><td>{one.late:,}</td><td>{100 * (one.share or 0):.2f} %"
        "</td></tr>"
        for day, one in late.days[:DAYS_SHOWN]
    )
    head = "".join(f"<th>{name}</th>" for name in ("day", "purchases", "late", "share"))
    table = (
        f"<details><summary>The newest {min(DAYS_SHOWN, len(late.days))} days</summary><table><thead><tr>{head}</tr>"
        f"</thead><tbody>{rows}</tbody></table></details>"
    )
    said = f"<p>{escape(late.sentence)}</p>{table if rows else ''}"
    ours = f'<section id="late-purchases" class="alert m-2">{said}</section>'
    before = _LATE.sub("", index.read_text(encoding="utf-8"))
    text, found = _BODY.subn(lambda body: f"{body[0]}{ours}", before, count=1)
    if not found:
        raise StreamFlowError(f"The page {index.name} of Data Docs has no body, hence no place for late purchases.")
    index.write_text(text, encoding="utf-8")


def prune(folder: Path, kept: int = KEPT_RUNS) -> int:
    """Remove the results and pages of all but the newest runs.

    Args:
        folder: What holds `validations` and `data_docs`; both keep `<suite>/<run name>/<run time>`.
        kept: Runs to keep.

    Returns:
        How many runs were removed.
    """
    newest: dict[str, str] = {}
    folders: dict[str, list[Path]] = {}
    for root in (folder / "validations", folder / "data_docs" / "validations"):
        for run in root.glob("*/*"):
            if run.is_dir():
                times = sorted(child.name for child in run.iterdir() if child.is_dir())
                newest[run.name] = max(newest.get(run.name, ""), times[-1] if times else "")
                folders.setdefault(run.name, []).append(run)
    old = sorted(newest, key=lambda name: (newest[name], name))[:-kept] if kept else list(newest)
    for name in old:
        for run in folders[name]:
            shutil.rmtree(run)
    return len(old)
