"""`passk explain`: walk a number back to its sources."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from polars.exceptions import PolarsError

from passk import paths
from passk.analysis.metrics import pass_at_k
from passk.lineage import explain
from passk.lineage.experiment import flatten
from passk.lineage.explain import ExplainError, Link
from passk.lineage.lock import read_lock
from passk.lineage.records import record_path
from passk.params.reading import ParameterError, read


def main(
    number: Annotated[str, typer.Argument(help="A result table, or TABLE:ROW.")],
    *,
    draw: Annotated[str, typer.Option(help="The draw.")] = "",
    set_: Annotated[str, typer.Option("--set", help="The set.")] = "",
    k: Annotated[int, typer.Option(help="The k of a pass@k.")] = 0,
    pair: Annotated[str, typer.Option(help="The pair of a comparison.")] = "",
    problem: Annotated[
        str, typer.Option(help="Also show this problem's samples: an id, its start, or an index.")
    ] = "",
    rows: Annotated[int, typer.Option(help="How many count rows or samples to show.")] = 8,
) -> None:
    """Walk a number back: result, counts, verdicts, samples, model, training, data, source, commit.

    Example: passk explain pass_at_k --draw base --set indomain --k 16 --problem 3
    """
    asked = {"draw": draw, "set": set_, "k": k, "pair": pair}
    where = {column: value for column, value in asked.items() if value}
    try:
        for line in lines(number, where, problem, rows):
            typer.echo(line)
    except (ParameterError, ExplainError, ValueError, OSError, PolarsError) as error:
        typer.echo(f"passk: {error}", err=True)
        raise typer.Exit(1) from None


def lines(number: str, where: Mapping[str, Any], problem: str, shown: int) -> Iterator[str]:
    """What is printed, line by line."""
    params = read(paths.PARAMS)
    study = str(params["study"])
    entries = read_lock()
    table, _, position = number.partition(":")
    row = explain.result_row(study, table, where, int(position) if position else None)
    yield f"{table}: " + ", ".join(f"{key}={value}" for key, value in row.items())
    result = paths.results(study, table).as_posix()
    for link in list(explain.trace(result, entries, ()))[:1]:
        yield from _link(link)
    for draw in explain.draws_of(row, params):
        yield from _draw(study, draw, row, shown)
        if problem:
            yield from _samples(study, draw, row.get("set"), problem, shown)
        yield f"from what draw {draw!r} was made:"
        names = {draw, *([row["set"]] if row.get("set") else params["draws"][draw]["sets"])}
        start = paths.counts(study, draw).as_posix()
        for link in explain.trace(start, entries, names):
            yield from _link(link)


def _draw(study: str, draw: str, row: Mapping[str, Any], shown: int) -> Iterator[str]:
    """Count rows of a draw, and the number again from them."""
    counts = explain.counts(study, draw, row.get("set"))
    totals = counts.select("n", "c", "unknown").sum().row(0)
    yield (
        f"counts of draw {draw!r}: {len(counts)} problems, {totals[0]} samples, "
        f"{totals[1]} correct, {totals[2]} unknown"
    )
    for one in counts.head(shown).iter_rows(named=True):
        yield (
            f"  {one['set']} {one['index']:>4} {one['problem_id']}  n={one['n']} c={one['c']} "
            f"unknown={one['unknown']}"
        )
    if len(counts) > shown:
        yield f"  and {len(counts) - shown} more (--rows)"
    if "pass_at_k" in row:
        again = float(pass_at_k(counts["n"].to_numpy(), counts["c"].to_numpy(), row["k"]).mean())
        same = abs(again - row["pass_at_k"]) < 1e-9
        verdict = "same" if same else "DIFFERS"
        yield f"  pass@{row['k']} again from these counts: {again:.6f} ({verdict})"


def _samples(study: str, draw: str, name: str | None, problem: str, shown: int) -> Iterator[str]:
    """What the model answered to one problem, and how it was judged."""
    found = explain.samples(study, draw, name, problem)
    yield f"samples of problem {found['problem_id'][0] if len(found) else problem}:"
    for one in found.head(shown).iter_rows(named=True):
        yield f"  #{one['sample_index']} {one['verdict']} ({one['reason']}): {one['answer']}"
        yield from (f"      {line}" for line in one["text"].splitlines())
    if len(found) > shown:
        yield f"  and {len(found) - shown} more (--rows)"


def _link(link: Link) -> Iterator[str]:
    """One file of the way back: digest, stage, command, parameters, commit."""
    indent = "  " * (link.depth + 1)
    state = {"same": "", "changed": "  CHANGED since", "missing": "  not here: dvc pull"}[
        link.state
    ]
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
    run = link.record["execution"]
    changed = f" + changes in {', '.join(run['dirty'])}" if run["dirty"] else ""
    yield (
        f"{indent}  commit {(run['commit'] or 'none')[:12]}{changed}, {run['started'][:19]}, "
        f"{run['seconds']:.1f} s on {run['host']}; record {record_path(link.entry)}"
    )
