"""`report`: the page, its figures, and the numbers behind them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import polars as pl
from pydantic import TypeAdapter

from passk.analysis.examples import EXAMPLES
from passk.analysis.questions.registry import QUESTIONS
from passk.analysis.settings import Analysis
from passk.config import paths
from passk.config.agreement_paths import agreement as agreement_path
from passk.config.imported_paths import reading as reading_path
from passk.core.files import read_json, replacing_folder, write_text
from passk.core.schemas.agreement import AGREEMENT
from passk.data.expectations.results import SuiteResult
from passk.pipeline.stages.job import Job, StageError
from passk.report.claims.document import describe_claims
from passk.report.claims.judging import judge_claims
from passk.report.context import ReportContext
from passk.report.entries import (
    ReportedArm,
    ReportedDraw,
    ReportedFineTuning,
    ReportedSet,
)
from passk.report.html.page import render_page
from passk.report.published import read_published
from passk.report.reading import GradeAgreement, ReadDraw, ReadSamples, UsedGrader
from passk.report.roles import Roles
from passk.report.sections.assembly import draw_charts
from passk.report.settings import Headline, ReportSettings
from passk.report.summary import collect_numbers, summarize_headlines, tabulate_curves

Entry = TypeVar("Entry")
SUITES = ("problems", "samples", "verdicts")


def run(job: Job) -> dict[str, float]:
    """Write reports/: page, numbers.json, claims.json, metrics/NAME.json, figures/*, plots/*."""
    context = gather(job)
    drawn = draw_charts(context)
    document = render_page(context, drawn)
    _replace_folder(
        paths.REPORTS / "figures",
        {f"{name}.svg": drawing.document() for name, drawing in drawn.items()},
    )
    _replace_folder(
        paths.REPORTS / "plots",
        {f"{name}.csv": table.write_csv() for name, table in tabulate_curves(context).items()},
    )
    headlines = _entries(job, "headline", Headline)
    _replace_folder(
        paths.REPORTS / "metrics",
        {
            f"{name}.json": _to_json(values)
            for name, values in summarize_headlines(context, headlines).items()
        },
    )
    write_text(paths.REPORTS / "numbers.json", _to_json(collect_numbers(context)))
    claims = describe_claims(judge_claims(context), context.analysis.bootstrap.level)
    write_text(paths.REPORTS / "claims.json", _to_json(claims))
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
    reading = _read_reading(job)
    return ReportContext(
        params=params,
        analysis=analysis,
        results=tables,
        validation={kind: _read_suite(paths.validation(job.study, kind)) for kind in SUITES},
        examples={
            name: EXAMPLES.read(paths.results(job.study, f"examples-{name}"))
            for name in job.params["examples"]
        },
        draws=_entries(job, "draws", ReportedDraw),
        sets=_entries(job, "sets", ReportedSet),
        train=_entries(job, "train", ReportedArm),
        sft=_entries(job, "sft", ReportedFineTuning),
        pretrain=tuple(job.params["pretrain"]),
        published=read_published(params.published),
        reading=reading,
        roles=_name_roles(params, analysis, reading),
    )


def _read_reading(job: Job) -> ReadSamples:
    """What was read for each draw of imported samples, who judged them, and with what outcome."""
    reads, graders = {}, {}
    for name, draw in _entries(job, "draws", ReportedDraw).items():
        entry, _, model = draw.model.partition("/")
        path = reading_path(job.study, entry)
        if path.exists() and draw.engine == "imported":
            content = read_json(path, f"run the stage import@{entry} again")
            read = TypeAdapter(ReadDraw).validate_python(content[model])
            compared = AGREEMENT.read(agreement_path(job.study, entry)).filter(draw=name)
            row = compared.row(0, named=True)
            reads[name] = read.graded(GradeAgreement.of(row))
            graders[name] = UsedGrader(row["grader"], json.loads(row["options"]))
    return ReadSamples(reads, graders)


def _name_roles(params: ReportSettings, analysis: Analysis, reading: ReadSamples) -> Roles:
    """What texts call the two draws: by their labels, where these are imported and alone.

    Nobody knows whether imported models are a base and one trained from it by RL.
    """
    if len(analysis.comparisons) != 1:
        return Roles()
    (compared,) = analysis.comparisons.values()
    if not {compared.reference, compared.candidate} <= reading.draws.keys():
        return Roles()
    labels = params.labels
    return Roles.of(*(labels.get(draw, draw) for draw in (compared.candidate, compared.reference)))


def _entries(job: Job, section: str, kind: type[Entry]) -> dict[str, Entry]:
    """The entries of a section by name."""
    return TypeAdapter(dict[str, kind]).validate_python(job.params[section])  # type: ignore[valid-type]


def _read_suite(path: Path) -> SuiteResult:
    """One suite's result."""
    content = read_json(path, "run the stage validate again")
    try:
        return SuiteResult.parse(content)
    except ValueError as error:
        raise StageError(f"{path}: not a validation result ({error})") from error


def _to_json(content: object) -> str:
    """JSON, a value a line."""
    return json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _replace_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write a folder of files whole: built beside, then put in place."""
    with replacing_folder(folder) as temporary:
        for name, text in files.items():
            write_text(temporary / name, text)
