"""`passk compare`: two sets of files of samples, or of counts, to a paired verdict and a page."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from tqdm import tqdm

from passk.cli.comparison_checks import check_ignored, check_outputs, check_problem_options
from passk.cli.comparison_text import describe
from passk.cli.judge_options import (
    UsageError,
    judge_options,
    read_settings,
    with_judge_options,
)
from passk.cli.reading_options import (
    COLUMNS,
    READING_ERRORS,
    AnyDigest,
    As,
    GradeFrom,
    Problems,
    ProblemsId,
    Source,
    Stop,
    Where,
    check_missing,
    columns,
    make_reading,
)
from passk.cli.several import CommandWithSeveral
from passk.comparing import notes, page, settings
from passk.comparing.compared import Compared, ComparedFiles, count_files, count_samples
from passk.comparing.draws import CANDIDATE, REFERENCE
from passk.comparing.run import PairAnswers, answer
from passk.core.files import replacing_folder, write_text
from passk.core.legal import unknown
from passk.core.rows import RecordedError
from passk.core.tables import TableError
from passk.domains.math.domain import MATH
from passk.domains.registry import DOMAINS
from passk.domains.verdict import JudgeError
from passk.logs.reader import LogReading, expand
from passk.logs.sample import LogSample
from passk.pipeline.stages.job import StageError
from passk.pipeline.stages.verify import judge_samples
from passk.report.charts.chart import DrawnChart
from passk.report.html.page import render_page
from passk.report.reading import ReadSamples, UsedGrader
from passk.report.sections.assembly import draw_charts

COMMAND = CommandWithSeveral
TITLE = "Which model solves more?"
_COUNTED = ("problem", "n", "correct", "unknown", "set")
_EXPECTED = (*READING_ERRORS, TableError, StageError, JudgeError, UsageError)


@with_judge_options
def main(  # noqa: PLR0917  (a command line: every argument has a name)
    reference: Annotated[
        list[str], typer.Argument(help="Files, globs or folders of the reference, say the base.")
    ],
    candidate: Annotated[
        list[str], typer.Option("--with", help="Those of the candidate; several may follow.")
    ],
    out: Annotated[Path, typer.Option(help="The page.")] = Path("comparison.html"),
    tables: Annotated[
        Path | None, typer.Option(help="Folder for counts, verdicts, results and figures.")
    ] = None,
    counts: Annotated[
        bool, typer.Option("--counts", help="Files hold counts: problem, n, correct.")
    ] = False,
    as_: As = None,
    problems: Problems = None,
    domain: Annotated[
        str, typer.Option(help=f"Decides the judge: {', '.join(DOMAINS)}.")
    ] = MATH.name,
    source: Source = None,
    any_digest: AnyDigest = False,
    problems_id: ProblemsId = None,
    name: Annotated[
        list[str] | None, typer.Option(help="What the sides are called: give it twice.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help=f"KIND=PATH, where a value stands; kinds: {', '.join(COLUMNS)}. With --counts: "
            f"{', '.join(_COUNTED)}; A,B where the sides differ."
        ),
    ] = None,
    where: Where = None,
    stop: Stop = None,
    grade_from: GradeFrom = None,
    missing: Annotated[
        str, typer.Option(help="A row without a response is: unknown, wrong, or drop.")
    ] = "unknown",
    min_n: Annotated[
        int, typer.Option(min=1, help="Problems with fewer samples on a side are left out.")
    ] = 1,
    resamples: Annotated[int, typer.Option(min=100, max=100_000, help="Of the bootstrap.")] = 1000,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of intervals.")] = 0.95,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    **options: Any,  # noqa: ANN401  (of all judges; see `with_judge_options`)
) -> None:
    """Compare two models by samples or counts that anybody drew: verdicts, pass@k, a page.

    Files of most tools are recognised from what they hold; `--as` names a format. Both sides are
    judged by the same grader, problem by problem: only problems that both have are compared.

    Example: passk compare base/samples_*.jsonl --with rl/samples_*.jsonl --out comparison.html

    Programs, and answers about images, beside their benchmark's published file:

    Example: passk compare base.jsonl --with rl.jsonl --problems HumanEvalPlus-v0.1.10.jsonl.gz
    --domain code

    Example: passk compare counts.csv --with counts.csv --counts --column correct=base,rl
    """
    try:
        check_missing(missing)
        if counts:
            asked = missing if missing != "unknown" else None
            judged = domain if domain != MATH.name else None
            check_ignored({
                "--as": as_, "--problems": problems, "--where": where, "--stop": stop,
                "--grade-from": grade_from, "--missing": asked, "--domain": judged,
                "--source": source, "--any-digest": any_digest, "--problems-id": problems_id,
                **{option.flag: options.get(option.field) for option in judge_options()},
            })  # fmt: skip
        check_problem_options(
            _find_domain(domain), has_problems=problems is not None,
            source=source, any_digest=any_digest, problems_id=problems_id,
        )  # fmt: skip
        files = ComparedFiles(
            expand(reference),
            expand(candidate),
            LogReading() if counts else make_reading(as_, column, where, stop, grade_from),
            problems,
            missing,  # type: ignore[arg-type]
            min_n,
            _find_domain(domain),
            source,
            any_digest,
            problems_id,
            read_settings(domain, options),
        )
        check_outputs(out, tables, files)
        labels = _labels(name or [], files)
        compared = _count(files, column or []) if counts else _judge(files)
        answers = _answer(compared, resamples, level, seed)
        noted = [
            *notes.same_counts(compared.counts),
            *notes.unequal_n(compared.counts, labels),
            *notes.limiting_n(compared.counts, compared.problems),
            *compared.notes,
        ]
        stated = {option: value for option, value in options.items() if value not in (None, [])}
        grader = UsedGrader(str(compared.counts["grader"][0]), stated)
        graders = {} if counts else dict.fromkeys(compared.reads, grader)
        reading = ReadSamples(compared.reads, graders, noted)
        context = page.report_context(answers, labels, reading, TITLE)
        drawn = draw_charts(context)
        write_text(out, render_page(context, drawn))
        if tables is not None:
            _write_tables(tables, answers, compared, drawn)
    except _EXPECTED as error:
        typer.echo(f"passk compare: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(describe(context, out))


def _find_domain(name: str) -> str:
    for fault in unknown("--domain", name, DOMAINS, "domain"):
        raise RecordedError(fault)
    return name


def _labels(names: Sequence[str], files: ComparedFiles) -> dict[str, str]:
    if names and len(names) != 2:
        raise RecordedError("--name: give it twice, for the reference and for the candidate")
    if not names:
        return settings.label_sides(files.sides)
    if names[0] == names[1] or not all(names):
        raise RecordedError("--name: give two names that differ, so that the page tells them apart")
    return {REFERENCE: names[0], CANDIDATE: names[1]}


def _progress(samples: Iterable[LogSample], draw: str) -> Iterable[LogSample]:
    return tqdm(samples, desc=f"reading {draw}", unit="sample", delay=3, file=sys.stderr)


def _judge(files: ComparedFiles) -> Compared:
    return count_samples(files, lambda frame: judge_samples(frame, files.settings), _progress)


def _count(files: ComparedFiles, given: Sequence[str]) -> Compared:
    """Counts of both sides, whose columns may differ: `correct=base,rl`."""
    chosen = columns(given, _COUNTED)
    for kind, value in chosen.items():
        if value.count(",") > 1 or not all(value.split(",")):
            raise RecordedError(
                f"--column {kind}={value}: expected a column, or A,B: one for each side"
            )
    both = [
        {kind: value.split(",")[min(side, value.count(","))] for kind, value in chosen.items()}
        for side in range(2)
    ]
    return count_files(files, both)


def _answer(compared: Compared, resamples: int, level: float, seed: int) -> PairAnswers:
    least = int(compared.counts["n"].min())  # type: ignore[arg-type]
    return answer(compared.counts, settings.analysis(least, resamples, level), seed)


def _write_tables(
    folder: Path, answers: PairAnswers, compared: Compared, drawn: Mapping[str, DrawnChart]
) -> None:
    with replacing_folder(folder) as temporary:
        for name, chart in drawn.items():
            write_text(temporary / f"{name}.svg", chart.document())
        answers.counts.write_parquet(temporary / "counts.parquet")
        for question, table in answers.results.items():
            table.write_parquet(temporary / f"{question}.parquet")
        for draw, frame in compared.verdicts.items():
            frame.write_parquet(temporary / f"verdicts-{draw}.parquet")
