"""`passk import`: files of samples of any tool, read into one form."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from passk.cli.reading_options import COLUMNS, make_reading
from passk.core.registry import UnknownNameError
from passk.core.rows import RecordedError
from passk.logs import normal_file
from passk.logs.format import FORMATS
from passk.logs.reader import LogSummary, expand, read
from passk.logs.values import PathError

NAME = "import"
_EXPECTED = (RecordedError, PathError, UnknownNameError, OSError)


def main(  # noqa: PLR0917  (a command line: every argument has a name)
    files: Annotated[list[str], typer.Argument(help="Files, globs or folders of one draw.")],
    out: Annotated[Path | None, typer.Option(help="The file to write (.parquet).")] = None,
    as_: Annotated[
        str | None, typer.Option("--as", help=f"Format of all files: {', '.join(FORMATS)}.")
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
) -> None:
    r"""Read files of samples of any tool, say what they hold, and write them in one form.

    Without --out nothing is written. What was written, `passk compare`, `passk judge` and an
    imported study read like any other file.

    Example: passk import 'runs/output-rs*.jsonl' --stop '\nQuestion:' --out base.parquet
    """
    summary = LogSummary()
    try:
        if out is not None and out.suffix != ".parquet":
            raise RecordedError(f"--out {out}: samples are written as Parquet; end it in .parquet")
        paths = expand(files)
        if out is not None and out.resolve() in {path.resolve() for path in paths}:
            raise RecordedError(f"--out {out}: is an input and would be overwritten; name another")
        reading = make_reading(as_, column, where, stop, grade_from)
        samples = tqdm(
            read(paths, reading, summary), desc="reading", unit="sample", delay=3, file=sys.stderr
        )
        if out is None:
            for _ in samples:
                pass
        else:
            normal_file.write(samples, out)
        if not summary.samples:
            raise RecordedError(f"{files[0]}: no sample; --where leaves out every row")
    except _EXPECTED as error:
        typer.echo(f"passk import: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(describe(summary))
    typer.echo(f"{out}: written" if out else "nothing written; --out FILE.parquet writes samples")


def describe(summary: LogSummary) -> str:
    """What was recognised and read, in a few lines."""
    sizes = sorted(summary.samples.values())
    formats: dict[str, list[str]] = {}
    for path, name in summary.files.items():
        formats.setdefault(name, []).append(path)
    lines = [
        f"{FORMATS[name].title}: {len(paths)} file(s), {paths[0]}"
        + (f" to {paths[-1]}" if len(paths) > 1 else "")
        + (f"\n  {FORMATS[name].note}" if FORMATS[name].note else "")
        for name, paths in formats.items()
    ]
    if summary.columns:
        lines.append("columns: " + ", ".join(f"{k} = {v}" for k, v in summary.columns.items()))
    lines.append(
        f"{summary.rows} rows, {len(sizes)} problems, {sum(sizes)} samples, "
        f"{sizes[0]} to {sizes[-1]} a problem"
    )
    notes = (
        ("rows left out", summary.left_out),
        ("without a response", summary.missing),
        ("empty", summary.empty),
        ("cut at a stop string", summary.cut),
        ("run on behind their answer, and were not cut", summary.running_on),
        ("ended at their limit", summary.truncated),
        ("graded by somebody", summary.graded),
    )
    lines += [f"  {count} {what}" for what, count in notes if count]
    return "\n".join(lines)
