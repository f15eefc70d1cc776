"""What `passk judge` writes, whatever the domain, and what it says of it."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from passk.analysis.metrics import pass_at_k
from passk.cli.judge_options import UsageError
from passk.cli.outputs import faults_of_file
from passk.core.files import replacing
from passk.core.schemas.verdicts import CORRECT, UNKNOWN, VERDICTS, WRONG
from passk.core.tables import Table
from passk.core.words import count

# Verdicts outside a study: the contract of a study's, and what `passk disagreements` adds.
# `problem_id` is the id that the user's files have, `index` the problem's place in its file.
JUDGED = Table(
    "judged",
    2,
    {
        **VERDICTS.columns,
        "index": pl.Int64(),
        "gold": pl.String(),
        "recorded_grade": pl.Boolean(),
    },
    key=("draw", "set", "index", "sample_index"),
    nullable=VERDICTS.nullable | {"recorded_grade", "gold"},
)
ENDINGS = (".parquet", ".jsonl", ".csv")
_MOST_REASONS = 12
_NUMBERS = {"samples", "k", "pass@k", "if all unknown were correct"}  # heads of such columns


def check_out(out: Path, inputs: Sequence[Path]) -> None:
    """Verdicts go to a file of their own that can be written, never over what was read.

    Raises:
        UsageError: a folder, an input, another kind of file, or where nothing can be written.
    """
    for fault in faults_of_file(out, inputs, ENDINGS, "verdicts"):
        raise UsageError(fault)


def write_judged(verdicts: pl.DataFrame, out: Path) -> None:
    """Write the table whole, as Parquet, JSON lines or CSV by the ending of its name."""
    if out.suffix == ".parquet":
        JUDGED.write(verdicts, out)
        return
    table = JUDGED.check(verdicts, str(out))
    with replacing(out) as temporary:
        if out.suffix == ".jsonl":
            table.write_ndjson(temporary)
        else:
            table.write_csv(temporary)


def read_judged(path: Path) -> pl.DataFrame:
    """A table of verdicts in any of the forms that `write_judged` writes.

    Raises:
        PolarsError, OSError: it cannot be read.
    """
    if path.suffix == ".jsonl":
        return pl.read_ndjson(path, schema_overrides=dict(JUDGED.columns))
    if path.suffix == ".csv":
        return pl.read_csv(path, schema_overrides=dict(JUDGED.columns))
    return pl.read_parquet(path)


def summary(verdicts: pl.DataFrame, out: Path) -> str:
    """What was found: counts, reasons, pass@k, and how it compares with recorded grades."""
    counts = dict(verdicts["verdict"].value_counts().iter_rows())
    problems = verdicts["index"].n_unique()
    solved = verdicts.filter(pl.col("verdict") == CORRECT)["index"].n_unique()
    lines = [
        f"{out}: {count(verdicts.height, 'sample')} of {count(problems, 'problem')}, "
        + ", ".join(f"{counts.get(v, 0)} {v}" for v in (CORRECT, WRONG, UNKNOWN)),
        "",
        *_reason_lines(verdicts),
        "",
        *_pass_lines(verdicts),
        "",
        f"solved at least once: {solved} of {problems}; grader {verdicts['grader'][0]}",
    ]
    if verdicts["recorded_grade"].null_count() < verdicts.height:
        graded = verdicts.drop_nulls("recorded_grade")
        flips = int(((graded["verdict"] == CORRECT) != graded["recorded_grade"]).sum())
        listed = f"; `passk disagreements {out}` lists them" if flips else ""
        lines.append(
            f"differ from the recorded grades: {flips} of {count(graded.height, 'sample')}{listed}"
        )
    return "\n".join(lines)


def _reason_lines(verdicts: pl.DataFrame) -> list[str]:
    """Verdicts by their reasons, the most frequent first."""
    order = {CORRECT: 0, WRONG: 1, UNKNOWN: 2}
    counts = sorted(
        verdicts.group_by("verdict", "reason").len().iter_rows(),
        key=lambda row: (order[row[0]], -row[2], row[1]),
    )
    rows = [(verdict, str(number), reason) for verdict, reason, number in counts[:_MOST_REASONS]]
    if rest := counts[_MOST_REASONS:]:
        rows.append(("", str(sum(row[2] for row in rest)), f"{len(rest)} other reasons"))
    return _align([("verdict", "samples", "reason"), *rows])


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells in columns: numbers to the right, the last column as it is."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if _is_number(cell, row is rows[0]) else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _is_number(cell: str, is_head: bool) -> bool:
    return cell[:1].isdigit() or (is_head and cell in _NUMBERS)


def _pass_lines(verdicts: pl.DataFrame) -> list[str]:
    """pass@k at powers of two; k goes as far as every problem has samples."""
    counts = verdicts.group_by("index", "problem_id", maintain_order=True).agg(
        n=pl.len(),
        c=(pl.col("verdict") == CORRECT).sum(),
        unknown=(pl.col("verdict") == UNKNOWN).sum(),
    )
    least, most = int(counts["n"].min()), int(counts["n"].max())  # type: ignore[arg-type]
    powers = [2**i for i in range(least.bit_length())]
    n, c, unknown = (counts[name].to_numpy() for name in ("n", "c", "unknown"))
    head = ["k", "pass@k"]
    columns = [[_percent(float(pass_at_k(n, c, k).mean())) for k in powers]]
    if unknown.any():
        head.append("if all unknown were correct")
        columns.append([_percent(float(pass_at_k(n, c + unknown, k).mean())) for k in powers])
    rows = [head, *([str(k), *cells] for k, *cells in zip(powers, *columns, strict=True))]
    return [*_describe_n(counts, least, most), *_align(rows)]


def _describe_n(counts: pl.DataFrame, least: int, most: int) -> list[str]:
    problems = count(counts.height, "problem")
    if least == most:
        return [f"{problems}, {count(most, 'sample')} each; unknown counts as not solved"]
    fewest = counts.filter(pl.col("n") == least)
    others = f" and {count(fewest.height - 1, 'other')}" if fewest.height > 1 else ""
    return [
        f"{problems}, {least} to {most} samples each; unknown counts as not solved",
        f"k goes no further, as problem {fewest['problem_id'][0]!r}{others} "
        f"{'has' if fewest.height == 1 else 'have'} only {count(least, 'sample')}",
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.2f}%"
