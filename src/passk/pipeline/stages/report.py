"""`report`: the page, its figures, and the numbers behind them."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from passk.analysis.settings import Analysis
from passk.config import paths
from passk.core.schemas import results
from passk.pipeline.stages.job import Job, StageError
from passk.report.context import ReportContext
from passk.report.entries import (
    ReportedArm,
    ReportedDraw,
    ReportedFineTuning,
    ReportedSet,
    SuiteResult,
)
from passk.report.html.page import render_page
from passk.report.sections.assembly import draw_charts
from passk.report.settings import ReportSettings
from passk.report.summary import curves, metrics

TABLES = {
    "pass_at_k": results.PASS_AT_K,
    "difference": results.DIFFERENCE,
    "crossover": results.CROSSOVER,
    "greedy": results.GREEDY,
    "coverage": results.COVERAGE,
    "histogram": results.HISTOGRAM,
    "efficiency": results.EFFICIENCY,
    "spread": results.SPREAD,
    "seeds": results.SEEDS,
    "failures": results.FAILURES,
    "training": results.TRAINING,
    "cost": results.COST,
}
SUITES = ("problems", "samples", "verdicts")


def run(job: Job) -> dict[str, float]:
    """Write reports/: index.html, metrics.json, figures/NAME.svg, plots/DRAW@SET.csv."""
    context = gather(job)
    drawn = draw_charts(context)
    document = render_page(context, drawn)
    numbers = metrics(context)
    _replace_folder(
        paths.REPORTS / "figures",
        {f"{name}.svg": drawing.document() for name, drawing in drawn.items()},
    )
    _replace_folder(
        paths.REPORTS / "plots",
        {f"{name}.csv": table.write_csv() for name, table in curves(context).items()},
    )
    _write(paths.REPORTS / "metrics.json", json.dumps(numbers, indent=2, allow_nan=False) + "\n")
    _write(paths.REPORTS / "index.html", document)
    return {"figures": float(len(drawn)), "bytes": float(len(document.encode()))}


def gather(job: Job) -> ReportContext:
    """Read what the parameters declare, no more: a folder may hold other tables.

    Raises:
        TableError: a declared question's table is missing or breaks its contract.
        StageError: a validation result is missing or not JSON.
    """
    analysis = Analysis.model_validate(job.params["analysis"])
    tables: dict[str, pl.DataFrame] = {
        question: TABLES[question].read(paths.results(job.study, question))
        for question in analysis.questions
    }
    return ReportContext(
        params=ReportSettings.model_validate(job.params["report"]),
        analysis=analysis,
        results=tables,
        validation={kind: _suite(paths.validation(job.study, kind)) for kind in SUITES},
        examples={
            name: results.EXAMPLES.read(paths.results(job.study, f"examples-{name}"))
            for name in job.params["examples"]
        },
        draws=ReportedDraw.parse_all(job.params["draws"]),
        sets=ReportedSet.parse_all(job.params["sets"]),
        train=ReportedArm.parse_all(job.params["train"]),
        sft=ReportedFineTuning.parse_all(job.params["sft"]),
        pretrain=tuple(job.params["pretrain"]),
    )


def _suite(path: Path) -> SuiteResult:
    """One suite's result."""
    try:
        return SuiteResult.parse(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError) as error:
        raise StageError(f"{path}: not a readable validation result ({error})") from error


def _replace_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write a folder of files whole: built beside, then put in place."""
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for name, text in files.items():
        (temporary / name).write_text(text, encoding="utf-8", newline="\n")
    shutil.rmtree(folder, ignore_errors=True)
    temporary.replace(folder)


def _write(path: Path, text: str) -> None:
    """Write one file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)
