"""`passk explain`: walk a number back to its sources."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from polars.exceptions import PolarsError

from passk.analysis.metrics import pass_at_k
from passk.analysis.questions.tracing import ResultRow
from passk.config import paths
from passk.core.yaml_files import ParameterError, read
from passk.data.expectations.results import FilterStep
from passk.domains.expectations import ExpectationResult
from passk.provenance import explain, origins
from passk.provenance.draws import read_comparisons, trace_row
from passk.provenance.explain import ExplainError
from passk.provenance.lock import LockEntry, read_lock
from passk.provenance.mlflow_runs import flatten
from passk.provenance.origins import Link
from passk.provenance.suites import read_suite
from passk.provenance.tables_in_git import TABLES


def main(
    number: Annotated[str, typer.Argument(help="A result table, TABLE:ROW, or validation.")],
    key: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE",
            help="The row, as the report names it; a comma between values means any of them.",
        ),
    ] = None,
    *,
    draw: Annotated[str, typer.Option(help="The draw.")] = "",
    set_: Annotated[str, typer.Option("--set", help="The set.")] = "",
    k: Annotated[int, typer.Option(help="The k of a pass@k.")] = 0,
    comparison: Annotated[str, typer.Option(help="The comparison.")] = "",
    problem: Annotated[
        str,
        typer.Option(help="Also show this problem's samples: its index, its id, or an id's start."),
    ] = "",
    rows: Annotated[int, typer.Option(help="How many count rows or samples to show.")] = 8,
) -> None:
    """Walk a number back: result, counts, verdicts, samples, model, training, data, source, commit.

    Example: passk explain pass_at_k draw=base set=indomain k=16 --problem 3
    """
    options = {"draw": draw, "set": set_, "k": k, "comparison": comparison}
    try:
        where = parse_condition(
            key or (), {column: value for column, value in options.items() if value}
        )
        for line in lines(number, where, problem, rows):
            typer.echo(line)
    except BrokenPipeError:
        raise  # the reader has seen enough, as in `| head`: ended without a word further out
    except (ParameterError, ExplainError, ValueError, OSError, PolarsError) as error:
        typer.echo(f"passk: {error}", err=True)
        raise typer.Exit(1) from None


def parse_condition(keys: Iterable[str], options: Mapping[str, object]) -> dict[str, object]:
    """Column -> value, from options and from `key=value` words.

    Example:
        >>> parse_condition(["set=hard", "category=both,neither"], {"comparison": "grpo"})
        {'comparison': 'grpo', 'set': 'hard', 'category': 'both,neither'}
    """
    where = dict(options)
    for word in keys:
        column, _, value = word.partition("=")
        if not column or not value:
            raise ExplainError(f"{word}: not KEY=VALUE, such as set=indomain")
        if str(where.get(column, value)) != value:
            raise ExplainError(f"{column} is given twice: {where[column]} and {value}")
        where[column] = value
    return where


def lines(number: str, where: Mapping[str, object], problem: str, limit: int) -> Iterator[str]:
    """What is printed, line by line; what cannot be found is said before the first."""
    params = read(paths.PARAMS)
    study = str(params["study"])
    entries = read_lock()
    table, _, position = number.partition(":")
    if position and not position.isdecimal():
        raise ExplainError(f"{number}: not TABLE:ROW, such as {table}:0")
    if table == "validation":
        if problem:
            raise ExplainError("validation: of no one draw, so --problem shows nothing")
        yield from _validation(study, where, entries)
        return
    rows = explain.find_rows(study, table, where, int(position) if position else None)
    compared = read_comparisons(params)
    sources = [trace_row(table, row, compared) for row in rows]
    groups: dict[tuple[str, str | None], list[ResultRow]] = {}  # rows by (draw, set)
    for row, source in zip(rows, sources, strict=True):
        for draw in source.draws:
            groups.setdefault((draw, row.get("set")), []).append(row)
    if problem and not groups:
        raise ExplainError(f"{table}: of no one draw, so --problem shows nothing")
    samples = {key: explain.read_samples(study, *key, problem) for key in groups if problem}
    counts = {key: explain.read_counts(study, *key) for key in groups}
    for row in rows:
        yield f"{table}: " + ", ".join(f"{name}={_short(value)}" for name, value in row.items())
    result = paths.results(study, table).as_posix()
    links = origins.trace(result, entries, {arm for source in sources for arm in source.arms})
    for link in islice(links, 1 if groups else None):
        yield from _link(link)
    for (draw, name), of_draw in groups.items():
        yield from _draw(draw, counts[draw, name], of_draw, limit)
        if problem:
            yield from _samples(samples[draw, name], limit)
        yield f"from what draw {draw!r} was made:"
        names = {draw, *counts[draw, name]["set"]}  # of a view: its set
        for link in origins.trace(paths.counts(study, draw).as_posix(), entries, names):
            yield from _link(link)


def _validation(
    study: str, where: Mapping[str, object], entries: Mapping[str, LockEntry]
) -> Iterator[str]:
    """What an expectation suite found, and what it looked at."""
    if unknown := [name for name in where if name != "kind"]:
        raise ExplainError(f"validation: no column {', '.join(unknown)}; columns: kind")
    if "kind" not in where:
        raise ExplainError("validation: narrow by kind, such as kind=problems")
    kinds = list(dict.fromkeys(str(where["kind"]).split(",")))
    suites = {kind: read_suite(study, kind) for kind in kinds}
    names = {Path(out).stem for entry in entries.values() for out in entry.outs}
    for kind, suite in suites.items():
        total = len(suite.expectations)
        sizes = ", ".join(f"{count} {frame}" for frame, count in suite.frames.items())
        yield (
            f"validation: kind={kind}, {'passed' if suite.success else 'FAILED'}: "
            f"{total - suite.failed} of {total} expectations hold; looked at {sizes}"
        )
        for expectation in suite.expectations:
            yield from _expectation(expectation)
        for step in suite.filters:
            yield _filter(step)
        for link in origins.trace(paths.validation(study, kind).as_posix(), entries, names):
            yield from _link(link)


def _expectation(expectation: ExpectationResult) -> Iterator[str]:
    """What was expected, of how many rows it holds, and what to do where it does not."""
    state = "holds for all" if expectation.success else f"FAILS for {expectation.failed}"
    yield f"  {expectation.name} ({expectation.frame}): {state} of {expectation.checked}"
    if not expectation.success and expectation.remedy:
        yield f"    {expectation.remedy}"


def _filter(step: FilterStep) -> str:
    """What one filter of a set was given and kept."""
    reason = "" if step.rows_in == step.rows_out else f" ({step.reason})"
    return (
        f"  filter {step.order} of set {step.set}: {step.filter} "
        f"{step.rows_in} -> {step.rows_out}{reason}"
    )


def _short(value: object, most: int = 8) -> str:
    """A value of a row; of a long list, its beginning; of an image, its size."""
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if not isinstance(value, list):
        return str(value)
    more = f", and {len(value) - most} more" if len(value) > most else ""
    return f"[{', '.join(map(str, value[:most]))}{more}]"


def _draw(draw: str, counts: pl.DataFrame, rows: Iterable[ResultRow], limit: int) -> Iterator[str]:
    """Count rows of a draw, and the numbers again from them."""
    totals = counts.select("n", "c", "unknown").sum().row(0)
    yield (
        f"counts of draw {draw!r}: {len(counts)} problems, {totals[0]} samples, "
        f"{totals[1]} correct, {totals[2]} unknown"
    )
    for problem in counts.head(limit).iter_rows(named=True):
        yield (
            f"  {problem['set']} {problem['index']:>4} {problem['problem_id']}  "
            f"n={problem['n']} c={problem['c']} unknown={problem['unknown']}"
        )
    if len(counts) > limit:
        yield f"  and {len(counts) - limit} more (--rows)"
    for row in rows:
        if "pass_at_k" not in row:
            continue
        again = float(pass_at_k(counts["n"].to_numpy(), counts["c"].to_numpy(), row["k"]).mean())
        verdict = "same" if abs(again - row["pass_at_k"]) < 1e-9 else "DIFFERS"
        yield f"  pass@{row['k']} again from these counts: {again:.6f} ({verdict})"


def _samples(samples: pl.DataFrame, limit: int) -> Iterator[str]:
    """What the model answered to one problem, and how it was judged."""
    yield f"samples of problem {samples['problem_id'][0] if len(samples) else '(none here)'}:"
    for sample in samples.head(limit).iter_rows(named=True):
        judgement = f"{sample['verdict']} ({sample['reason']}): {sample['answer']}"
        yield f"  #{sample['sample_index']} {judgement}"
        yield from (f"      {line}" for line in sample["text"].splitlines())
    if len(samples) > limit:
        yield f"  and {len(samples) - limit} more (--rows)"


def _link(link: Link) -> Iterator[str]:
    """One file of the way back: digest, stage, command, parameters, commit."""
    indent = "  " * (link.depth + 1)
    maker = f"dvc repro {link.entry.stage} makes it" if link.entry else "git has it, or its owner"
    state = {
        "same": "",
        "copied": f"  in {TABLES}",
        "changed": "  CHANGED since",
        "missing": f"  not here: {maker}",
    }[link.state]
    yield f"{indent}{link.path}  md5 {link.locked or '?'}{state}"
    if link.entry is None:
        yield f"{indent}  a source: no stage writes it"
        return
    yield f"{indent}  by {link.entry.stage}: {link.entry.cmd}"
    values = "; ".join(f"{key}={value}" for key, value in flatten(link.entry.params))
    yield f"{indent}  with {values if len(values) < 300 else values[:300] + ' ...'}"
    if link.record is None:
        yield f"{indent}  no run record here"
        return
    run = link.record.execution
    changed = f" + changes in {', '.join(run.dirty)}" if run.dirty else ""
    yield (
        f"{indent}  commit {(run.commit or 'none')[:12]}{changed}, {run.started[:19]}, "
        f"{run.seconds:.1f} s on {run.host}; record {link.record.digest}"
    )
