"""The page to begin with: every expectation in words, what failed and where, in one file."""

import html
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Validation</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 2em auto; padding: 0 1em;
  color: #1c2733; }
table { border-collapse: collapse; width: 100%; }
td, th { border-bottom: 1px solid #d5dbe1; padding: 4px 10px; text-align: left;
  vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
tr.failed td { background: #fdf0ee; }
.holds { color: #1a7f4b; } .fails { color: #b3261e; font-weight: 600; }
code { font-size: 13px; } .remedy { color: #5a6773; }
</style></head><body>
"""


def write(results: Sequence[Mapping[str, Any]], links: Mapping[str, Path], folder: Path) -> Path:
    """Write `index.html` for validation results.

    Args:
        results: documents of `passk.domains.expectations.evaluate`, with `study`.
        links: `KIND-FRAME` -> its page of Data Docs.
        folder: where the page goes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    path.write_text("\n".join(_page(results, links, folder)), encoding="utf-8")
    return path


def _page(
    results: Sequence[Mapping[str, Any]], links: Mapping[str, Path], folder: Path
) -> Iterator[str]:
    yield _HEAD
    study = html.escape(results[0]["study"]) if results else ""
    yield f"<h1>Validation of study {study}</h1>"
    yield "<p>A failed expectation stops the run before any analysis.</p>"
    for result in results:
        outcomes = result["expectations"]
        good = sum(outcome["success"] for outcome in outcomes)
        verdict = "holds" if result["success"] else "fails"
        score = f"{good} of {len(outcomes)} hold"
        yield f"<h2>{result['kind']}: <span class={verdict}>{score}</span></h2>"
        yield "<table><tr><th>expectation<th>checked<th>failed<th>rows</tr>"
        yield from map(_row, outcomes)
        yield "</table><p>Great Expectations' own pages: "
        names = [f"{result['kind']}-{frame}" for frame in result["frames"]]
        yield ", ".join(
            f'<a href="{links[name].relative_to(folder).as_posix()}">{html.escape(name)}</a>'
            for name in names
            if name in links
        )
        yield "</p>"
    yield "</body></html>"


def _row(outcome: Mapping[str, Any]) -> str:
    """One expectation; failing rows by name, then the remedy."""
    rows = "<br>".join(
        "<code>"
        + html.escape(", ".join(f"{key}={value}" for key, value in row.items()))
        + "</code>"
        for row in outcome["rows"]
    )
    if outcome["failed"] > len(outcome["rows"]):
        rows += f"<br>and {outcome['failed'] - len(outcome['rows'])} more"
    if outcome["remedy"] and not outcome["success"]:
        rows += f"<div class=remedy>{html.escape(outcome['remedy'])}</div>"
    return (
        f"<tr class={'held' if outcome['success'] else 'failed'}>"
        f"<td>{html.escape(outcome['name'])}<td class=number>{outcome['checked']}"
        f"<td class=number>{outcome['failed']}<td>{rows}</tr>"
    )
