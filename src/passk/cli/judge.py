"""`passk judge`: verdicts on anybody's responses, outside a study."""

from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from pydantic import ValidationError

from passk.cli import judge_answers, judge_programs
from passk.cli.judged import JUDGED, check_inputs, check_out, summary
from passk.core.legal import unknown
from passk.core.rows import RecordedError, Row, read_rows
from passk.core.tables import TableError
from passk.data.import_settings import Columns
from passk.data.imported import normal_form
from passk.data.sources import published
from passk.domains.code.domain import CODE
from passk.domains.domain import Domain
from passk.domains.math.domain import MATH
from passk.domains.registry import DOMAINS
from passk.domains.settings import Verification
from passk.domains.verdict import JudgeError
from passk.pipeline.stages.job import StageError
from passk.pipeline.stages.verify import judge_samples

# Names under which files in the wild keep these columns, in order of preference.
KNOWN = {
    "problem": ("problem", "question", "prompt"),
    "gold": ("gold", "answer", "gt", "target", "final_answer"),
    "response": ("response", "responses", "text", "code", "output", "completion"),
    "recorded_grade": ("recorded_grade", "score", "correct", "true_false"),
    "problem_id": ("problem_id", "pid", "id", "idx"),
    "sample_index": ("sample_index",),
}

# What a user can mend: the message says how.
_EXPECTED = (
    RecordedError, TableError, StageError, JudgeError, ValidationError, OSError,
)  # fmt: skip


def hint(kind: str) -> str:
    """Which option names the column of a kind."""
    return f"Name the right one with --{kind.replace('_', '-')}"


def choose(given: str | None, kind: str, rows: list[Row]) -> str | None:
    """The column of a kind: as given, else the first known name that the first row has."""
    if given is not None:
        return given
    return next((name for name in KNOWN[kind] if name in rows[0].values), None)


def with_problems(rows: list[Row], problems: list[Row], key: str, columns: Columns) -> list[Row]:
    """Rows of responses completed by their problem's question and gold answer.

    Raises:
        RecordedError: a response without its problem, a problem twice or without a response.
    """
    known: dict[str, Row] = {}
    for row in problems:
        name = str(_need(row, key, "problem_id"))
        if name in known:
            raise RecordedError(f"{row.place}: {key} {name!r} stands in {known[name].place} too")
        known[name] = row
    completed, seen = [], set()
    for row in rows:
        name = str(_need(row, key, "problem_id"))
        if name not in known:
            raise RecordedError(f"{row.place}: no problem with {key} {name!r}")
        seen.add(name)
        reference = known[name]
        question = _need(reference, columns.problem, "problem")
        gold = _need(reference, columns.gold, "gold")
        completed.append(
            Row(row.place, row.values | {columns.problem: question, columns.gold: gold})
        )
    if unanswered := [row for name, row in known.items() if name not in seen]:
        raise RecordedError(
            f"{unanswered[0].place}: a problem without a response ({len(unanswered)} of them)"
        )
    return completed


def _need(row: Row, column: str, kind: str) -> object:
    if column not in row.values:
        raise RecordedError(
            f"{row.place}: no column {column!r}; found {sorted(row.values)}. {hint(kind)}"
        )
    return row.values[column]


def judge_rows(
    rows: list[Row], columns: Columns, name: str, settings: Verification, domain: str = MATH.name
) -> pl.DataFrame:
    """The verdict table of a file's rows, with gold answers and recorded grades beside it."""
    problems, responses = normal_form(rows, columns, name, domain, hint)
    frame = responses.join(
        problems.select("problem_id", "set", "index", "domain", "question", "answer", "source"),
        on="problem_id",
        how="left",
        maintain_order="left",
    ).with_columns(
        draw=pl.lit(name),
        finish_reason=pl.lit("unknown"),
        gold=pl.col("answer"),
        tests=pl.lit(None, pl.String()),
    )
    return judge_samples(frame, settings)


def main(  # noqa: PLR0917  (a command line: every argument has a name)
    responses: Annotated[
        Path, typer.Argument(help="Responses: .jsonl, .jsonl.gz, .json, .parquet")
    ],
    out: Annotated[Path, typer.Option(help="Where the verdicts go (.parquet).")],
    problems: Annotated[
        Path | None,
        typer.Option(help="Problems with gold answers; without it the responses hold them."),
    ] = None,
    domain: Annotated[
        str, typer.Option(help=f"Decides the judge: {', '.join(DOMAINS)}.")
    ] = MATH.name,
    source: Annotated[
        str | None,
        typer.Option(help="Code, visual: the benchmark whose file --problems is."),
    ] = None,
    any_digest: Annotated[
        bool, typer.Option(help="Code, visual: take --problems for --source, published or not.")
    ] = False,
    part: Annotated[
        bool,
        typer.Option(help="Visual: leave out rows of other problems, and problems without a row."),
    ] = False,
    free_form: Annotated[
        bool, typer.Option(help="Visual: leave out problems with answers to choose from.")
    ] = False,
    problem: Annotated[str | None, typer.Option(help="Column of the question.")] = None,
    gold: Annotated[str | None, typer.Option(help="Column of the gold answer.")] = None,
    response: Annotated[
        str | None, typer.Option(help="Column of the response, or of their list.")
    ] = None,
    recorded_grade: Annotated[
        str | None, typer.Option(help="Column of somebody's grade, if any.")
    ] = None,
    problem_id: Annotated[
        str | None, typer.Option(help="Column that tells problems apart; joins --problems.")
    ] = None,
    sample_index: Annotated[
        str | None, typer.Option(help="Column that numbers a problem's samples.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.001, max=600, help="Math, visual: wall limit of one answer, s.")
    ] = 5.0,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes at most.")] = 2,
    isolation: Annotated[
        str, typer.Option(help="Code: bubblewrap, or subprocess (limits alone).")
    ] = "bubblewrap",
    all_tests: Annotated[
        bool, typer.Option(help="Code: run all tests of a program that failed one, too.")
    ] = False,
) -> None:
    """Judge a file of responses; columns go by their usual names or as told.

    Writes one row per sample: problem, sample index, extracted answer, verdict (correct, wrong,
    unknown), reason, grader. Cells may hold a list, one entry per sample. Verdicts are kept in
    .passk/verdicts, so that the next run judges only what is new.

    Programs run in a sandbox. Their samples have `task_id` and `solution` (a program), or
    `completion` (what follows the benchmark's prompt), or `response` (from which the program is
    extracted); problems are a benchmark's published file, or a table with a column `tests`.

    Answers about images name their problem (`pid`, `id`) in a benchmark's published file.

    Example: passk judge samples.jsonl --problems problems.jsonl --out verdicts.parquet

    Example: passk judge bard.json --problems testmini.json --domain visual --out verdicts.parquet
    """
    try:
        check_out(out, [responses] if problems is None else [responses, problems])
        check_inputs(responses, problems)
        for fault in unknown("--domain", domain, DOMAINS, "domain"):
            raise RecordedError(fault)
        kind = DOMAINS[domain]
        _check_options(
            kind, source=source, any_digest=any_digest, part=part, free_form=free_form,
            problem=problem, gold=gold,
        )  # fmt: skip
        given = {
            "problem": problem,
            "gold": gold,
            "response": response,
            "recorded_grade": recorded_grade,
            "problem_id": problem_id,
            "sample_index": sample_index,
        }
        if kind is CODE:
            code = judge_programs.grader(isolation=isolation, all_tests=all_tests, workers=workers)
            verdicts = judge_programs.judge_file(
                responses, problems, source, given, code, any_digest=any_digest
            )
        elif kind.needs_benchmark is not None:
            verdicts = judge_answers.judge_file(
                responses, problems, source, _columns(responses, given), domain=kind,
                settings=_settings(kind, timeout=timeout, workers=workers), hint=hint,
                any_digest=any_digest, part=part, free_form=free_form,
            )  # fmt: skip
        else:
            settings = _settings(kind, timeout=timeout, workers=workers)
            verdicts = _judge(responses, problems, kind, given, settings)
        JUDGED.write(verdicts, out)
    except _EXPECTED as error:
        typer.echo(f"passk judge: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(summary(verdicts, out))


def _uses(option: str, domain: Domain) -> bool:
    """Whether an option that only some domains have a use for has an effect in one."""
    joined = domain.needs_benchmark is not None
    return {
        "source": joined,
        "any_digest": joined,
        "part": joined and not domain.tested,
        "free_form": joined and not domain.tested,
        "problem": not joined,
        "gold": not joined,
    }[option]


def _check_options(domain: Domain, **given: object) -> None:
    """Raise RecordedError for an option that would be ignored."""
    for option, value in given.items():
        if value and not _uses(option, domain):
            used = [name for name, other in DOMAINS.items() if _uses(option, other)]
            raise RecordedError(
                f"--{option.replace('_', '-')}: without effect with --domain {domain.name}; leave "
                f"it out (it is for {' and '.join(used)})"
            )


def _settings(domain: Domain, **limits: float) -> Verification:
    """The settings of a domain's judge, with those of the limits that it has."""
    known = {name: value for name, value in limits.items() if name in domain.settings.model_fields}
    return Verification.model_validate({domain.name: known})


def _columns(responses: Path, given: dict[str, str | None]) -> Columns:
    """Columns of a file whose rows name a benchmark's problems."""
    rows = read_rows(responses)
    kinds = ("problem_id", "response", "recorded_grade", "sample_index")
    chosen = {kind: choose(given[kind], kind, rows) for kind in kinds}
    for kind in kinds:
        if (named := given[kind]) is not None:
            _need(rows[0], named, kind)
    return Columns(**{kind: name for kind, name in chosen.items() if name is not None})


def _judge(
    responses: Path,
    problems: Path | None,
    domain: Domain,
    given: dict[str, str | None],
    settings: Verification,
) -> pl.DataFrame:
    """Verdicts on responses that stand beside question and gold answer, or are joined to them."""
    if problems is not None:
        _check_published(problems)
    rows = read_rows(responses)
    references = rows if problems is None else read_rows(problems)
    chosen = {
        kind: choose(given[kind], kind, references if kind in {"problem", "gold"} else rows)
        for kind in KNOWN
    }
    if problems is not None:
        key = chosen["problem_id"] or chosen["problem"] or "problem"
        named = Columns(problem=chosen["problem"] or "problem", gold=chosen["gold"] or "gold")
        rows = with_problems(rows, references, key, named)
    elif given["problem_id"] is None:
        chosen["problem_id"] = None  # an `id` in a file of responses may as well number them
    columns = Columns(**{kind: name for kind, name in chosen.items() if name is not None})
    return judge_rows(rows, columns, responses.name.split(".")[0], settings, domain.name)


def _check_published(problems: Path) -> None:
    """Raise RecordedError for a benchmark's file whose answers alone do not judge."""
    for name, domain in DOMAINS.items():
        if domain.needs_benchmark is None or domain.tested:
            continue
        if (benchmark := published(problems, name)) is not None:
            raise RecordedError(f"{problems}: is {benchmark}, whose answers need --domain {name}")
