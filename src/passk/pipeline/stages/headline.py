"""`headline@NAME`: the first figure, from the counts of its own two draws."""

from collections.abc import Mapping

import polars as pl

from passk.analysis.cells import Cell, clip, curve, split
from passk.analysis.settings import Bootstrap
from passk.config import paths
from passk.core.schemas.counts import COUNTS
from passk.pipeline.stages.job import Job, StageError
from passk.report.charts.axes import PanelFrame
from passk.report.charts.panels import draw_pass_at_k
from passk.report.charts.series_style import series_styles
from passk.report.charts.svg import entry, entry_width, render, sheet
from passk.report.settings import Headline, ReportSettings

SPAN = (0.0, 1.0)  # of the vertical axis: all that pass@k can be, whatever the set


def run(job: Job) -> dict[str, float]:
    """Write reports/headline-NAME.svg; returns pass@k of each draw at both ends of the grid."""
    wanted = Headline.model_validate(job.entry("headline"))
    params = ReportSettings.model_validate(job.params["report"])
    cells = _cells(job, wanted)
    table = curves(cells, job)
    models = {draw: cell.model for draw, cell in cells.items()}
    label = params.labels.get(wanted.set, wanted.set)
    size = (max(params.panel_width, 5.0), params.panel_height)
    shown = series_styles(params, models)
    figure = draw_pass_at_k(table, shown, PanelFrame(wanted.set, label, size, SPAN))
    entries = [entry(style, thick=False) for style in shown.values()]
    document = sheet([render(figure)], entries, entry_width(list(shown.values())))
    path = paths.REPORTS / f"headline-{job.item}.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(document, encoding="utf-8", newline="\n")
    temporary.replace(path)
    ends = table.filter(pl.col("k").is_in([table["k"].min(), table["k"].max()]))
    return {f"{r['draw']}_pass_at_{r['k']}": r["pass_at_k"] for r in ends.iter_rows(named=True)}


def curves(cells: Mapping[str, Cell], job: Job) -> pl.DataFrame:
    """Pass@k with the same intervals as the result table: same seeds, same resamples."""
    analysis = job.params["analysis"]
    settings = Bootstrap.model_validate(analysis["bootstrap"])
    rows = []
    for draw, cell in cells.items():
        grid = clip(analysis["k"], cell)
        if not grid:
            raise StageError(f"analysis.k: no k is at most n = {cell.smallest_n} of draw {draw!r}")
        drawn = curve(cell, grid, int(job.params["seed"]), settings.resamples)
        low, high = drawn.interval(settings.level)
        rows.append(
            pl.DataFrame(
                {"k": grid, "pass_at_k": drawn.estimate, "low": low, "high": high}
            ).with_columns(draw=pl.lit(draw), set=pl.lit(cell.set))
        )
    return pl.concat(rows)


def _cells(job: Job, wanted: Headline) -> dict[str, Cell]:
    """The counts of the two draws on the set; base and RL may be one draw."""
    found = {}
    for draw in dict.fromkeys((wanted.base, wanted.rl)):
        cells = split(COUNTS.read(paths.counts(job.study, draw)))
        if (draw, wanted.set) not in cells:
            sets = ", ".join(name for _, name in cells)
            raise StageError(
                f"headline.{job.item}.set = {wanted.set!r}: draw {draw!r} does not sample it; "
                f"legal: {sets}"
            )
        found[draw] = cells[draw, wanted.set]
    return found
