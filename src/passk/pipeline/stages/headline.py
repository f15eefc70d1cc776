"""`headline@NAME`: the first figure, from the counts of its own two draws."""

from collections.abc import Mapping

import polars as pl

from passk.analysis.evaluation_groups import (
    EvaluationGroup,
    clip,
    group_counts,
    resample_curve,
)
from passk.analysis.settings import Bootstrap
from passk.config import paths
from passk.core.files import write_text
from passk.core.schemas.counts import COUNTS
from passk.pipeline.stages.job import Job, StageError
from passk.report.charts.axes import PanelFrame
from passk.report.charts.panels import draw_pass_at_k
from passk.report.charts.series_style import style_series
from passk.report.charts.svg import draw_entry, join_panels, measure_entries, render
from passk.report.settings import Headline, ReportSettings

SPAN = (0.0, 1.0)  # of the vertical axis: all that pass@k can be, whatever the set


def run(job: Job) -> dict[str, float]:
    """Write reports/headline-NAME.svg; returns pass@k of each draw at both ends of the grid."""
    headline = job.settings("headline", Headline)
    params = job.section("report", ReportSettings)
    groups = _read_groups(job, headline)
    table = tabulate_curves(groups, job)
    models = {draw: group.model for draw, group in groups.items()}
    label = params.labels.get(headline.set, headline.set)
    size = (max(params.panel_width, 5.0), params.panel_height)
    styles = style_series(params, models)
    figure = draw_pass_at_k(table, styles, PanelFrame(headline.set, label, size, SPAN))
    entries = [draw_entry(style, thick=False) for style in styles.values()]
    document = join_panels([render(figure)], entries, measure_entries(list(styles.values())))
    write_text(paths.REPORTS / f"headline-{job.item}.svg", document)
    ends = table.filter(pl.col("k").is_in([table["k"].min(), table["k"].max()]))
    return {f"{r['draw']}_pass_at_{r['k']}": r["pass_at_k"] for r in ends.iter_rows(named=True)}


def tabulate_curves(groups: Mapping[str, EvaluationGroup], job: Job) -> pl.DataFrame:
    """Pass@k with the same intervals as the result table: same seeds, same resamples.

    Args:
        groups: draw -> its counts on the set.
        job: `analysis.k`, `analysis.bootstrap` and the seed are read from its parameters.

    Returns:
        Rows `k, pass_at_k, low, high, draw, set`.

    Raises:
        ValueError: no k of the grid is at most a draw's n.
    """
    settings = job.section("analysis.bootstrap", Bootstrap)
    rows = []
    for draw, group in groups.items():
        grid = clip(job.params["analysis"]["k"], group)
        curve = resample_curve(group, grid, job.seed, settings.resamples)
        low, high = curve.rising_interval(settings.level)
        rows.append(
            pl.DataFrame(
                {"k": grid, "pass_at_k": curve.estimate, "low": low, "high": high}
            ).with_columns(draw=pl.lit(draw), set=pl.lit(group.set))
        )
    return pl.concat(rows)


def _read_groups(job: Job, headline: Headline) -> dict[str, EvaluationGroup]:
    """The counts of the two draws on the set; both may be one draw."""
    selected = {}
    for draw in dict.fromkeys((headline.reference, headline.candidate)):
        groups = group_counts(COUNTS.read(paths.counts(job.study, draw)))
        if (draw, headline.set) not in groups:
            sets = ", ".join(name for _, name in groups)
            raise StageError(
                f"headline.{job.item}.set = {headline.set!r}: draw {draw!r} does not sample it; "
                f"legal: {sets}"
            )
        selected[draw] = groups[draw, headline.set]
    return selected
