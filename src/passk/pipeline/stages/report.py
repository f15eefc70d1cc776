"""`report`: the page, its figures, and the numbers behind them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from passk.analysis.examples import EXAMPLES
from passk.analysis.questions.registry import QUESTIONS
from passk.analysis.settings import Analysis
from passk.config import paths
from passk.core.files import read_json, replacing_folder, write_text
from passk.pipeline.stages.job import Job
from passk.report.contents import drawings
from passk.report.material import Material
from passk.report.page import page
from passk.report.settings import Report
from passk.report.summary import curves, metrics

SUITES = ("problems", "samples", "verdicts")


def run(job: Job) -> dict[str, float]:
    """Write reports/: index.html, metrics.json, figures/NAME.svg, plots/DRAW@SET.csv."""
    material = gather(job)
    drawn = drawings(material)
    document = page(material, drawn)
    numbers = metrics(material)
    _replace_folder(
        paths.REPORTS / "figures",
        {f"{name}.svg": drawing.document() for name, drawing in drawn.items()},
    )
    _replace_folder(
        paths.REPORTS / "plots",
        {f"{name}.csv": table.write_csv() for name, table in curves(material).items()},
    )
    write_text(
        paths.REPORTS / "metrics.json", json.dumps(numbers, indent=2, allow_nan=False) + "\n"
    )
    write_text(paths.REPORTS / "index.html", document)
    return {"figures": float(len(drawn)), "bytes": float(len(document.encode()))}


def gather(job: Job) -> Material:
    """Read what the parameters declare, no more: a folder may hold strangers.

    Raises:
        TableError: a declared question's table is missing or breaks its contract.
        FileError: a validation result is missing or not JSON.
    """
    analysis = Analysis.model_validate(job.params["analysis"])
    tables: dict[str, pl.DataFrame] = {
        question: QUESTIONS[question].table.read(paths.results(job.study, question))
        for question in analysis.questions
    }
    return Material(
        params=Report.model_validate(job.params["report"]),
        analysis=analysis,
        results=tables,
        validation={kind: _suite(paths.validation(job.study, kind)) for kind in SUITES},
        examples={
            name: EXAMPLES.read(paths.results(job.study, f"examples-{name}"))
            for name in job.params["examples"]
        },
        draws=job.params["draws"],
        sets=job.params["sets"],
        train=job.params["train"],
        sft=job.params["sft"],
        pretrain=job.params["pretrain"],
    )


def _suite(path: Path) -> dict[str, Any]:
    """One suite's result."""
    return dict(read_json(path, "run the stage validate again"))


def _replace_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write a folder of files whole: built beside, then put in place."""
    with replacing_folder(folder) as temporary:
        for name, text in files.items():
            write_text(temporary / name, text)
