"""`passk compare`: two sets of files of samples, or of counts, to a paired verdict and a page."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from tqdm import tqdm

from passk.cli.compared import describe, read_draw
from passk.comparing import counted, page, settings
from passk.comparing.pairing import Pairing, pair
from passk.comparing.run import Answers, answer, count_pair, judge_pair
from passk.comparing.side import Side, gather
from passk.comparing.tables import CANDIDATE, REFERENCE, tabulate
from passk.core.files import replacing_folder, write_text
from passk.core.registry import UnknownNameError
from passk.core.rows import RecordedError
from passk.core.tables import TableError
from passk.domains.settings import Verification
from passk.domains.verdict import JudgeError
from passk.logs.format import FORMATS
from passk.logs.reader import LogReading, LogSummary, expand, read
from passk.logs.sample import LogSample
from passk.logs.values import PathError
from passk.pipeline.stages.job import StageError
from passk.pipeline.stages.verify import judge_samples
from passk.report.reading import ReadDraw, Reading

_EXPECTED = (
    RecordedError, TableError, StageError, JudgeError, PathError, UnknownNameError, OSError,
)  # fmt: skip
# What `--column` calls a field -> the field's name.
COLUMNS = {
    "problem": "problem", "question": "question", "gold": "reference", "response": "response",
    "set": "set", "sample": "number", "grade": "grade", "finish": "finish", "seed": "seed",
    "tokens": "tokens", "step": "step",
}  # fmt: skip


def main(  # noqa: PLR0917  (a command line: every argument has a name)
    reference: Annotated[
        list[str], typer.Argument(help="Files, globs or folders of the reference, say the base.")
    ],
    candidate: Annotated[
        list[str], typer.Option("--with", help="Those of the candidate; several may follow.")
    ],
    out: Annotated[Path, typer.Option(help="The page.")] = Path("comparison.html"),
    tables: Annotated[
        Path | None, typer.Option(help="Folder for counts, verdicts and results (.parquet).")
    ] = None,
    counts: Annotated[
        bool, typer.Option("--counts", help="Files hold counts: problem, n, correct.")
    ] = False,
    as_: Annotated[
        str | None, typer.Option("--as", help=f"Format of all files: {', '.join(FORMATS)}.")
    ] = None,
    problems: Annotated[
        Path | None, typer.Option(help="Questions and right answers, where samples lack them.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="What the sides are called: reference, candidate.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help=f"KIND=PATH, where a value stands; kinds: {', '.join(COLUMNS)}."),
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(help="PATH=VALUE: other rows are left out.")
    ] = None,
    stop: Annotated[
        list[str] | None, typer.Option(help="A string before which a response ends.")
    ] = None,
    grade_from: Annotated[
        float | None, typer.Option(help="Recorded scores from here on are right.")
    ] = None,
    missing: Annotated[
        str, typer.Option(help="A row without a response is: unknown, wrong, or drop.")
    ] = "unknown",
    min_n: Annotated[
        int, typer.Option(min=1, help="Problems with fewer samples on a side are left out.")
    ] = 1,
    resamples: Annotated[int, typer.Option(min=100, help="Of the bootstrap.")] = 1000,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of intervals.")] = 0.95,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
) -> None:
    """Compare two models by samples or counts that anybody drew: verdicts, pass@k, a page.

    Files of most tools are recognised from what they hold; `--as` names a format. Both sides are
    judged by the same grader, problem by problem: only problems that both have are compared.

    Example: passk compare base/samples_*.jsonl --with rl/samples_*.jsonl --out comparison.html

    Example: passk compare counts.csv --with counts.csv --counts --column correct=base,rl
    """
    try:
        reading = LogReading(
            as_, _columns(column or []), dict(_pairs(where or [], "--where")),
            _unescape(stop or []), grade_from,
        )  # fmt: skip
        if missing not in {"unknown", "wrong", "drop"}:
            raise RecordedError(f"--missing {missing}: legal: unknown, wrong, drop")
        paths = expand(reference), expand(candidate)
        labels = _labels(name or [], *paths)
        if counts:
            answers, read_draws = _compare_counts(paths, column or [], resamples, level, seed, min_n)
            grader, verdicts = "", None
        else:
            answers, read_draws, grader, verdicts = _compare_samples(
                paths, reading, problems, missing, min_n, resamples, level, seed
            )
        context = page.report_context(
            answers, labels, Reading(read_draws, grader), "Which model solves more?"
        )
        write_text(out, page.render(context))
        if tables is not None:
            _write_tables(tables, answers, verdicts)
    except _EXPECTED as error:
        typer.echo(f"passk compare: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(describe(context, out))


def _columns(given: Sequence[str]) -> dict[str, str]:
    columns = dict(_pairs(given, "--column"))
    for kind in columns:
        if kind not in COLUMNS and kind not in {"n", "correct", "unknown"}:
            raise RecordedError(f"--column {kind}: legal kinds: {', '.join(COLUMNS)}")
    return {COLUMNS[kind]: path for kind, path in columns.items() if kind in COLUMNS}


def _pairs(given: Sequence[str], option: str) -> Iterator[tuple[str, str]]:
    for pair_ in given:
        key, sign, value = pair_.partition("=")
        if not sign or not key:
            raise RecordedError(f"{option} {pair_!r}: expected NAME=VALUE")
        yield key, value


def _unescape(stops: Sequence[str]) -> list[str]:
    r"""Stop strings as a shell gives them: `\n` is the end of a line."""
    return [stop.replace(r"\n", "\n").replace(r"\t", "\t") for stop in stops]


def _labels(names: Sequence[str], *paths: Sequence[Path]) -> dict[str, str]:
    if names and len(names) != 2:
        raise RecordedError("--name: give two, the reference's and the candidate's")
    first, second = names or map(settings.label, paths)
    if first == second:
        first, second = "reference", "candidate"
    return {REFERENCE: first, CANDIDATE: second}


def _progress(samples: Iterator[LogSample], side: str) -> Iterator[LogSample]:
    yield from tqdm(samples, desc=f"reading {side}", unit="sample", delay=3, file=sys.stderr)


def _compare_samples(
    paths: tuple[list[Path], list[Path]],
    reading: LogReading,
    problems: Path | None,
    missing: str,
    min_n: int,
    resamples: int,
    level: float,
    seed: int,
) -> tuple[Answers, dict[str, ReadDraw], str, dict[str, pl.DataFrame]]:
    summaries = LogSummary(), LogSummary()
    sides = [
        gather(_kept(_progress(read(files, reading, summary), name), missing))
        for files, summary, name in zip(paths, summaries, (REFERENCE, CANDIDATE), strict=True)
    ]
    known = _read_problems(problems, reading) if problems is not None else None
    pairing = _long_enough(pair(*sides, known), min_n)
    tables = tabulate(pairing.problems, "math")
    verdicts = judge_pair(tables, lambda frame: judge_samples(frame, Verification()))
    answers = _answer(count_pair(tables, verdicts), resamples, level, seed)
    read_draws = {
        draw: read_draw(
            files, summary, side, len(only), page.agreement(
                verdicts[draw], tables.samples[draw]["recorded_grade"].to_list()
            ),
        )
        for draw, files, summary, side, only in zip(
            (REFERENCE, CANDIDATE), paths, summaries, sides,
            (pairing.reference_only, pairing.candidate_only), strict=True,
        )
    }  # fmt: skip
    return answers, read_draws, str(verdicts[REFERENCE]["grader"][0]), verdicts


def _kept(samples: Iterator[LogSample], missing: str) -> Iterator[LogSample]:
    """Samples by the rule for those without a response."""
    for sample in samples:
        if sample.text is not None or missing == "unknown":
            yield sample
        elif missing == "wrong":
            yield sample._replace(text="", finish="stop")


def _read_problems(path: Path, reading: LogReading) -> Side:
    """Questions and right answers, as a side whose samples nobody looks at."""
    from passk.comparing.problems import read_problems

    return read_problems(path, reading.fields)


def _long_enough(pairing: Pairing, min_n: int) -> Pairing:
    """The pairing without problems that have fewer samples on a side."""
    kept = [
        problem
        for problem in pairing.problems
        if min(len(problem.reference.samples), len(problem.candidate.samples)) >= min_n
    ]
    short = [problem.key for problem in pairing.problems if problem not in kept]
    if not kept:
        raise RecordedError(f"--min-n {min_n}: no problem has so many samples on both sides")
    pairing.problems = kept
    pairing.reference_only += short
    pairing.candidate_only += short
    return pairing


def _compare_counts(
    paths: tuple[list[Path], list[Path]],
    columns: Sequence[str],
    resamples: int,
    level: float,
    seed: int,
    min_n: int,
) -> tuple[Answers, dict[str, ReadDraw]]:
    given = dict(_pairs(columns, "--column"))
    both = []
    for side, files in enumerate(paths):
        if len(files) != 1:
            raise RecordedError("--counts: give one file of counts for each side")
        chosen = {kind: value.split(",")[min(side, value.count(","))] for kind, value in given.items()}
        side_counts = counted.read_counts(files[0], chosen)
        both.append({key: count for key, count in side_counts.items() if count[0] >= min_n})
    table = counted.pair_counts(*both)
    read_draws = {
        draw: counted_draw(files[0], side, len(side.keys() - other.keys()))
        for draw, files, side, other in zip(
            (REFERENCE, CANDIDATE), paths, both, reversed(both), strict=True
        )
    }
    return _answer(table, resamples, level, seed), read_draws


def counted_draw(path: Path, side: dict[tuple[str, str], tuple[int, int, int]], only: int) -> ReadDraw:
    """What was read of a file of counts."""
    from passk.cli.compared import read_file

    sizes = [n for n, _, _ in side.values()]
    return ReadDraw(
        (read_file(path, "counts"),), problems=len(side), samples=sum(sizes), rows=len(side),
        smallest=min(sizes, default=0), largest=max(sizes, default=0), only=only,
    )  # fmt: skip


def _answer(table: pl.DataFrame, resamples: int, level: float, seed: int) -> Answers:
    least = int(table["n"].min())  # type: ignore[arg-type]
    return answer(table, settings.analysis(least, resamples, level), seed)


def _write_tables(
    folder: Path, answers: Answers, verdicts: dict[str, pl.DataFrame] | None
) -> None:
    with replacing_folder(folder) as temporary:
        answers.counts.write_parquet(temporary / "counts.parquet")
        for question, table in answers.results.items():
            table.write_parquet(temporary / f"{question}.parquet")
        for draw, frame in (verdicts or {}).items():
            frame.write_parquet(temporary / f"verdicts-{draw}.parquet")
