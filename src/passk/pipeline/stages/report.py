"""`report`: the page, its figures, and the numbers behind them."""

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from passk.analysis.examples import EXAMPLES
from passk.analysis.questions.registry import QUESTIONS
from passk.analysis.settings import Analysis
from passk.config import paths
from passk.core.files import read_json, replacing_folder, write_text
from passk.data.expectations.results import SuiteResult
from passk.pipeline.stages.job import Job, StageError
from passk.report.context import ReportContext
from passk.report.entries import (
    ReportedArm,
    ReportedDraw,
    ReportedFineTuning,
    ReportedSet,
)
from passk.report.html.page import render_page
from passk.report.published import read_published
from passk.report.sections.assembly import draw_charts
from passk.report.settings import ReportSettings
from passk.report.summary import curves, metrics

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
    write_text(
        paths.REPORTS / "metrics.json", json.dumps(numbers, indent=2, allow_nan=False) + "\n"
    )
    write_text(paths.REPORTS / "index.html", document)
    return {"figures": float(len(drawn)), "bytes": float(len(document.encode()))}


def gather(job: Job) -> ReportContext:
    """Read what the parameters declare, no more: a folder may hold other tables.

    Raises:
        TableError: a declared question's table is missing or breaks its contract.
        FileError: a validation result is missing or not JSON.
    """
    analysis = job.section("analysis", Analysis)
    tables: dict[str, pl.DataFrame] = {
        question: QUESTIONS[question].table.read(paths.results(job.study, question))
        for question in analysis.questions
    }
    params = job.section("report", ReportSettings)
    return ReportContext(
        params=params,
        analysis=analysis,
        results=tables,
        validation={kind: _suite(paths.validation(job.study, kind)) for kind in SUITES},
        examples={
            name: EXAMPLES.read(paths.results(job.study, f"examples-{name}"))
            for name in job.params["examples"]
        },
        draws=ReportedDraw.parse_all(job.params["draws"]),
        sets=ReportedSet.parse_all(job.params["sets"]),
        train=ReportedArm.parse_all(job.params["train"]),
        sft=ReportedFineTuning.parse_all(job.params["sft"]),
        pretrain=tuple(job.params["pretrain"]),
        published=read_published(params.published),
    )


def _suite(path: Path) -> SuiteResult:
    """One suite's result."""
    content = read_json(path, "run the stage validate again")
    try:
        return SuiteResult.parse(content)
    except (KeyError, TypeError) as error:
        raise StageError(f"{path}: not a validation result ({error})") from error


def _replace_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write a folder of files whole: built beside, then put in place."""
    with replacing_folder(folder) as temporary:
        for name, text in files.items():
            write_text(temporary / name, text)
