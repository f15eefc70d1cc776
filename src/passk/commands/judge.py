"""`passk judge`: verdicts on anybody's responses, outside a study."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from pydantic import ValidationError

from passk.params.imported import Columns
from passk.params.verification import MathGrader
from passk.problems.imported import normal_form
from passk.problems.recorded import RecordedError, Row, read_rows
from passk.schemas.verdicts import VERDICTS
from passk.stages.job import StageError
from passk.stages.verify import judged
from passk.tables import Table, TableError

# Verdicts outside a study: the contract of a study's, and what `passk flips` shows beside them.
JUDGED = Table(
    "judged",
    1,
    {
        **VERDICTS.columns,
        "index": pl.Int64(),
        "gold": pl.String(),
        "recorded_grade": pl.Boolean(),
    },
    key=("draw", "set", "index", "sample_index"),
    nullable=VERDICTS.nullable | {"recorded_grade"},
)

# Names under which files in the wild keep these columns, in order of preference.
KNOWN = {
    "problem": ("problem", "question", "prompt"),
    "gold": ("gold", "answer", "gt", "target", "final_answer"),
    "response": ("response", "responses", "text", "code", "output", "completion"),
    "recorded_grade": ("recorded_grade", "score", "correct"),
    "problem_id": ("problem_id", "pid", "id", "idx"),
    "sample_index": ("sample_index",),
}


def hint(kind: str) -> str:
    """Which option names the column of a kind."""
    return f"Name the right one with --{kind.replace('_', '-')}"


def check_out(out: Path, inputs: Sequence[Path]) -> None:
    """Verdicts go to a Parquet file of their own, never over what was read.

    Raises:
        RecordedError: a folder, an input, or another kind of file.
    """
    if out.is_dir():
        raise RecordedError(f"--out {out}: a folder; name a file, e.g. {out / 'verdicts.parquet'}")
    if out.resolve() in {path.resolve() for path in inputs}:
        raise RecordedError(f"--out {out}: is an input and would be overwritten; name another file")
    if out.suffix != ".parquet":
        raise RecordedError(f"--out {out}: verdicts are written as Parquet; end it in .parquet")


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
    done, seen = [], set()
    for row in rows:
        name = str(_need(row, key, "problem_id"))
        if name not in known:
            raise RecordedError(f"{row.place}: no problem with {key} {name!r}")
        seen.add(name)
        asked = known[name]
        question = _need(asked, columns.problem, "problem")
        gold = _need(asked, columns.gold, "gold")
        done.append(Row(row.place, row.values | {columns.problem: question, columns.gold: gold}))
    if bare := [row for name, row in known.items() if name not in seen]:
        raise RecordedError(f"{bare[0].place}: a problem without a response ({len(bare)} of them)")
    return done


def _need(row: Row, column: str, kind: str) -> object:
    if column not in row.values:
        raise RecordedError(
            f"{row.place}: no column {column!r}; found {sorted(row.values)}. {hint(kind)}"
        )
    return row.values[column]


def judge_rows(rows: list[Row], columns: Columns, name: str, grader: MathGrader) -> pl.DataFrame:
    """The verdict table of a file's rows, with gold answers and recorded grades beside it."""
    problems, responses = normal_form(rows, columns, name, "math", hint)
    frame = responses.join(
        problems.select("problem_id", "set", "index", "domain", "question", "answer", "source"),
        on="problem_id",
        how="left",
        maintain_order="left",
    ).with_columns(draw=pl.lit(name), finish_reason=pl.lit("unknown"), gold=pl.col("answer"))
    return judged(frame, grader)


def main(  # noqa: PLR0917  (a command line: every argument has a name)
    responses: Annotated[
        Path, typer.Argument(help="Responses: .jsonl, .jsonl.gz, .json, .parquet")
    ],
    out: Annotated[Path, typer.Option(help="Where the verdicts go (.parquet).")],
    problems: Annotated[
        Path | None,
        typer.Option(help="Problems with gold answers; without it the responses hold them."),
    ] = None,
    domain: Annotated[str, typer.Option(help="Decides the grader; math for now.")] = "math",
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
        float, typer.Option(min=0.001, max=600, help="Wall limit of one answer, s.")
    ] = 5.0,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes at most.")] = 2,
) -> None:
    """Judge a file of responses; columns go by their usual names or as told.

    Writes one row per sample: problem, sample index, extracted answer, verdict (correct, wrong,
    unknown), reason, grader. Cells may hold a list, one entry per sample. Verdicts are kept in
    .passk/verdicts, so that the next run judges only what is new.

    Example: passk judge samples.jsonl --problems problems.jsonl --out verdicts.parquet
    """
    try:
        check_out(out, [responses] if problems is None else [responses, problems])
        verdicts = _judge(
            responses,
            problems,
            domain,
            {
                "problem": problem,
                "gold": gold,
                "response": response,
                "recorded_grade": recorded_grade,
                "problem_id": problem_id,
                "sample_index": sample_index,
            },
            MathGrader(timeout=timeout, workers=workers),
        )
        JUDGED.write(verdicts, out)
    except (RecordedError, TableError, StageError, ValidationError, OSError) as error:
        typer.echo(f"passk judge: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(summary(verdicts, out))


def _judge(
    responses: Path,
    problems: Path | None,
    domain: str,
    given: dict[str, str | None],
    grader: MathGrader,
) -> pl.DataFrame:
    if domain != "math":
        raise RecordedError(f"--domain {domain!r}: no grader; legal: math")
    rows = read_rows(responses)
    asked = rows if problems is None else read_rows(problems)
    chosen = {
        kind: choose(given[kind], kind, asked if kind in {"problem", "gold"} else rows)
        for kind in KNOWN
    }
    if problems is not None:
        key = chosen["problem_id"] or chosen["problem"] or "problem"
        named = Columns(problem=chosen["problem"] or "problem", gold=chosen["gold"] or "gold")
        rows = with_problems(rows, asked, key, named)
    elif given["problem_id"] is None:
        chosen["problem_id"] = None  # an `id` in a file of responses may as well number them
    columns = Columns(**{kind: name for kind, name in chosen.items() if name is not None})
    return judge_rows(rows, columns, responses.name.split(".")[0], grader)


def summary(verdicts: pl.DataFrame, out: Path) -> str:
    """What was found, in a few lines."""
    counts = dict(verdicts["verdict"].value_counts().iter_rows())
    problems = verdicts["problem_id"].n_unique()
    solved = verdicts.filter(pl.col("verdict") == "correct")["problem_id"].n_unique()
    lines = [
        f"{out}: {verdicts.height} samples of {problems} problems, "
        + ", ".join(f"{counts.get(v, 0)} {v}" for v in ("correct", "wrong", "unknown")),
        f"solved at least once: {solved} of {problems}; grader {verdicts['grader'][0]}",
    ]
    if verdicts["recorded_grade"].null_count() < verdicts.height:
        graded = verdicts.drop_nulls("recorded_grade")
        flips = int(((graded["verdict"] == "correct") != graded["recorded_grade"]).sum())
        lines.append(f"differ from the recorded grades: {flips} (`passk flips` lists them)")
    return "\n".join(lines)
