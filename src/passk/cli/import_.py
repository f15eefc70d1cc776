"""`passk import`: files of samples of any tool, read into one form."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from tqdm import tqdm

from passk.cli.outputs import faults_of_file
from passk.cli.reading_options import (
    READING_ERRORS,
    As,
    Column,
    GradeFrom,
    Problems,
    Stop,
    Where,
    make_reading,
)
from passk.core.parameters import Name
from passk.core.rows import RecordedError
from passk.logs import normal_file
from passk.logs.format import FORMATS
from passk.logs.reader import LogSummary, expand, read
from passk.logs.sample import LogSample
from passk.logs.stated_problems import read_problems, reading_beside, state
from passk.logs.study_entry import describe_entry

NAME = "import"


def main(  # noqa: PLR0917  (a command line: every argument has a name)
    files: Annotated[list[str], typer.Argument(help="Files, globs or folders of one draw.")],
    out: Annotated[Path | None, typer.Option(help="The file to write (.parquet).")] = None,
    study: Annotated[
        str | None,
        typer.Option(
            help="Print the entry of `imported:` in a study's parameters that reads these files "
            "so, under this name."
        ),
    ] = None,
    as_: As = None,
    problems: Problems = None,
    column: Column = None,
    where: Where = None,
    stop: Stop = None,
    grade_from: GradeFrom = None,
) -> None:
    r"""Read files of samples of any tool, say what they hold, and write them in one form.

    Without --out nothing is written. What was written, `passk compare`, `passk judge` and an
    imported study read like any other file. What a path reaches: doc.answer, choices[0].text,
    rollouts[].text; of chat messages it is the last one.

    Example: passk import 'runs/output-rs*.jsonl' --stop '\nQuestion:' --out base.parquet

    Example: passk import batch.jsonl --problems math500.jsonl --study base > parameters.yaml
    """
    summary, skipped, unknown = LogSummary(), [], Counter[str]()  # type: ignore[var-annotated]
    try:
        paths = expand(files, skipped)
        _check_name(study)
        _check_out(out, [*paths, *([problems] if problems else [])])
        reading = make_reading(as_, column, where, stop, grade_from)
        samples: Iterable[LogSample] = tqdm(
            read(paths, reading_beside(reading, paths, problems), summary),
            desc="reading",
            unit="sample",
            delay=3,
            file=sys.stderr,
        )
        if problems is not None:
            samples = state(samples, read_problems(problems, reading.fields), unknown)
        if out is None:
            for _ in samples:
                pass
        else:
            normal_file.write(_some(samples, files[0]), out)
        if not summary.samples:
            raise _no_sample(files[0])
        if problems is not None and len(unknown) == len(summary.samples):
            raise RecordedError(
                f"{problems}: has none of the problems of {files[0]}, neither by id nor by "
                f"question; the first is {next(iter(unknown))[:80]!r}. Name the column of its ids, "
                "--column problem_id=COLUMN, or of its questions, --column problem=COLUMN"
            )
    except READING_ERRORS as error:
        typer.echo(f"passk import: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(describe(summary, skipped, unknown), err=study is not None)
    if study is not None:
        typer.echo(describe_entry(study, paths, reading, problems), nl=False)
    elif out is None:
        typer.echo("nothing written; --out FILE.parquet writes samples")
    if out is not None:
        typer.echo(f"{out}: written; next: passk compare {out} --with OTHER", err=study is not None)


def _check_name(study: str | None) -> None:
    try:
        TypeAdapter(Name | None).validate_python(study)
    except ValidationError:
        raise RecordedError(
            f"--study {study!r}: names an entry: letters, digits, '-' and '_', not at its start"
        ) from None


def _check_out(out: Path | None, inputs: Iterable[Path]) -> None:
    if out is not None and out.suffix != ".parquet":
        raise RecordedError(f"--out {out}: samples are written as Parquet; end it in .parquet")
    for fault in faults_of_file(out, inputs, (".parquet",)) if out is not None else ():
        raise RecordedError(fault)


def _some(samples: Iterable[LogSample], name: str) -> Iterable[LogSample]:
    """Samples; an error where there is none, so that no empty file is written."""
    sample = None
    for sample in samples:
        yield sample
    if sample is None:
        raise _no_sample(name)


def _no_sample(name: str) -> RecordedError:
    return RecordedError(f"{name}: no sample; every row holds an error, or there is none")


def describe(
    summary: LogSummary, skipped: Iterable[Path] = (), unknown: Counter[str] | None = None
) -> str:
    """What was recognised and read, in a few lines."""
    sizes = sorted(summary.samples.values())
    formats: dict[str, list[str]] = {}
    for path, name in summary.files.items():
        formats.setdefault(name, []).append(path)
    lines = []
    for name, paths in formats.items():
        span = paths[0] if len(paths) == 1 else f"{len(paths)} files, {paths[0]} to {paths[-1]}"
        lines.append(f"{FORMATS[name].title} ({name}): {span}")
        lines += [f"  {FORMATS[name].note}"] if FORMATS[name].note else []
    lines += [f"  not read: {path}" for path in skipped]
    if summary.columns:
        lines.append("columns: " + ", ".join(f"{k} = {v}" for k, v in summary.columns.items()))
    if summary.settings:
        stated = (f"{name} = {' or '.join(values)}" for name, values in summary.settings.items())
        lines.append("sampling, as stated: " + ", ".join(stated))
    sets = {name for name, _ in summary.samples if name is not None}
    if sets:
        lines.append(f"sets: {', '.join(sorted(sets))}")
    lines.append(
        f"{summary.rows} rows, {len(sizes)} problems, {sum(sizes)} samples, "
        + (f"{sizes[0]}" if sizes[0] == sizes[-1] else f"{sizes[0]} to {sizes[-1]}")
        + " a problem"
    )
    lines += [f"  {count} {what}" for what, count in _notes(summary, unknown) if count]
    if not summary.cut and summary.two_answers * 20 > sum(sizes):
        lines.append(
            f"warning: {summary.two_answers} responses hold two final answers that differ, and the "
            "last is judged: if the model ran on past its answer, name a stop string, as "
            r"--stop '\nQuestion:'"
        )
    return "\n".join(lines)


def _notes(summary: LogSummary, unknown: Counter[str] | None) -> tuple[tuple[str, int], ...]:
    return (
        ("rows left out by --where", summary.left_out),
        ("rows of another filter or metric left out", summary.rescored),
        ("rows without a sample, as they hold an error", summary.errors),
        ("samples of problems that --problems does not have", sum((unknown or {}).values())),
        ("without a response", summary.missing),
        ("empty", summary.empty),
        ("cut at a stop string", summary.cut),
        ("run on to another turn or question, not cut", summary.running_on),
        ("hold two final answers that differ, not cut", summary.two_answers),
        ("stand in an earlier file, too, word by word: is it a rerun?", summary.repeated),
        ("hold a score that is neither 1 nor 0, left out: name --grade-from", summary.scores),
        ("ended at their limit: unknown, unless they state an answer", summary.truncated),
        (f"graded by somebody, {summary.right} of them right", summary.graded),
    )
