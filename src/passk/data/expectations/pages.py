"""The page to begin with: every expectation in words, what failed and where, in one file."""

import html
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from passk.data.expectations.results import SuiteResult
from passk.domains.expectations import ExpectationResult

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


def write(results: Sequence[SuiteResult], links: Mapping[str, Path], folder: Path) -> Path:
    """Write `index.html` for validation results.

    Args:
        results: of expectation suites.
        links: `KIND-FRAME` -> its page of Data Docs.
        folder: where the page goes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    path.write_text("\n".join(_write_lines(results, links, folder)), encoding="utf-8")
    return path


def _write_lines(
    results: Sequence[SuiteResult], links: Mapping[str, Path], folder: Path
) -> Iterator[str]:
    yield _HEAD
    study = html.escape(results[0].study) if results else ""
    yield f"<h1>Validation of study {study}</h1>"
    yield "<p>A failed expectation stops the run before any analysis.</p>"
    for result in results:
        number = len(result.expectations)
        verdict = "holds" if result.success else "fails"
        score = f"{number - result.failed} of {number} hold"
        yield f"<h2>{result.kind}: <span class={verdict}>{score}</span></h2>"
        yield "<table><tr><th>expectation<th>checked<th>failed<th>rows</tr>"
        yield from map(_write_row, result.expectations)
        yield "</table><p>Great Expectations' own pages: "
        names = [f"{result.kind}-{frame}" for frame in result.frames]
        yield ", ".join(
            f'<a href="{links[name].relative_to(folder).as_posix()}">{html.escape(name)}</a>'
            for name in names
            if name in links
        )
        yield "</p>"
    yield "</body></html>"


def _write_row(result: ExpectationResult) -> str:
    """One expectation; failing rows by name, then the remedy."""
    rows = "<br>".join(
        "<code>"
        + html.escape(", ".join(f"{key}={value}" for key, value in row.items()))
        + "</code>"
        for row in result.rows
    )
    if result.failed > len(result.rows):
        rows += f"<br>and {result.failed - len(result.rows)} more"
    if result.remedy and not result.success:
        rows += f"<div class=remedy>{html.escape(result.remedy)}</div>"
    return (
        f"<tr class={'held' if result.success else 'failed'}>"
        f"<td>{html.escape(result.name)}<td class=number>{result.checked}"
        f"<td class=number>{result.failed}<td>{rows}</tr>"
    )
