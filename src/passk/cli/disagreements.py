"""`passk disagreements`: which verdicts changed, against recorded grades, a file or a revision."""

import io
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from polars.exceptions import PolarsError

from passk.analysis.disagreements import KEY, cohen_kappa, compare, confusion, from_grades
from passk.cli.judged import read_judged
from passk.config import paths
from passk.core.yaml_files import ParameterError, read

_DIGEST = re.compile(r"[0-9a-f]{16}")  # an id that is made of what a problem asks
SAME, DIFFERENT, FAILED = 0, 1, 2  # exit codes, as of diff(1)


class DisagreementsError(Exception):
    """Nothing can be compared; the message says what is missing and the remedy."""


def _read(path: Path) -> pl.DataFrame:
    if not path.exists():
        raise DisagreementsError(f"{path}: no such file")
    try:
        return read_judged(path)
    except (PolarsError, OSError) as error:
        form = {".jsonl": "JSONL", ".csv": "CSV"}.get(path.suffix, "Parquet")
        raise DisagreementsError(f"{path}: not a readable {form} file ({error})") from error


def _check_verdicts(frame: pl.DataFrame, origin: str) -> pl.DataFrame:
    if missing := [name for name in (*KEY, "verdict") if name not in frame.columns]:
        raise DisagreementsError(f"{origin}: no verdict table, column(s) {missing} missing")
    return frame


def read_revision(path: Path, revision: str) -> pl.DataFrame:
    """A verdict table as it was in a git revision, from DVC's cache or remote."""
    import dvc.api
    from dvc.exceptions import DvcException
    from scmrepo.exceptions import SCMError

    try:
        content = dvc.api.read(path.as_posix(), rev=revision, mode="rb")
    except (DvcException, SCMError, OSError) as error:
        raise DisagreementsError(
            f"{path} at revision {revision!r}: {error}. Does the revision have this file, and is "
            "it in the cache (`dvc fetch --all-commits`)?"
        ) from error
    return pl.read_parquet(io.BytesIO(content))


def _beside(path: Path, folder: str) -> Path | None:
    """A neighbour of a study's verdict file: `data/S/verdicts/D` -> `data/S/FOLDER/D`."""
    neighbour = path.parent.parent / folder / path.name
    return neighbour if path.parent.name == "verdicts" and neighbour.exists() else None


def add_problems(verdicts: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Verdicts with the problem's index and gold answer, where the study says them."""
    if "gold" in verdicts.columns:
        return verdicts
    folder = path.parent.parent / "sets"
    files = [folder / f"{name}.parquet" for name in verdicts["set"].unique(maintain_order=True)]
    if path.parent.name != "verdicts" or not all(file.exists() for file in files):
        nothing = pl.lit(None)
        return verdicts.with_columns(index=nothing.cast(pl.Int64), gold=nothing.cast(pl.String))
    problems = pl.concat(
        _read(file).select("set", "problem_id", "index", gold="answer") for file in files
    ).unique(("set", "problem_id"), keep="first")
    return verdicts.join(problems, on=["set", "problem_id"], how="left", maintain_order="left")


def read_earlier(
    path: Path, verdicts: pl.DataFrame, against: Path | None, rev: str | None
) -> pl.DataFrame:
    """What the verdicts are compared with."""
    if against is not None and rev is not None:
        raise DisagreementsError("--against and --rev exclude each other; give one")
    if against is not None:
        return _check_verdicts(_read(against), str(against))
    if rev is not None:
        return _check_verdicts(read_revision(path, rev), f"{path} at {rev}")
    samples = _beside(path, "samples")
    graded = verdicts if samples is None else _read(samples)
    if "recorded_grade" not in graded.columns or graded["recorded_grade"].is_null().all():
        raise DisagreementsError(
            f"{path}: no grade was recorded with these samples; give --against OTHER.parquet or "
            "--rev REVISION"
        )
    return from_grades(graded)


def format_report(both: pl.DataFrame, new: int, old: int) -> str:
    """Changed verdicts, one a line, and a summary."""
    changed = both.filter(pl.col("new") != pl.col("old"))
    lines = []
    for row in changed.sort("set", "index", "problem_id", "sample_index").iter_rows(named=True):
        lines.append(
            f"set {row['set']} {_name_problem(row)} sample {row['sample_index']}: {row['old']} -> "
            f"{row['new']} ({row['reason']}); answer {_shorten(row['answer'])}, "
            f"gold {_shorten(row['gold'])}"
        )
    table = confusion(both)
    kappa = cohen_kappa(table)
    agreement = "undefined: only one grade was ever given" if math.isnan(kappa) else f"{kappa:.4f}"
    lines.append(f"{changed.height} of {both.height} verdicts differ; Cohen's kappa {agreement}")
    lines += [f"  {old_ or '-'} -> {new_}: {n}" for (old_, new_), n in table.items()]
    if both.height < max(new, old):
        lines.append(f"  compared: samples that both have; new has {new}, old has {old}")
    return "\n".join(lines)


def _name_problem(row: Mapping[str, Any]) -> str:
    """A problem by its place in its set, and by its id where somebody gave it one."""
    if row["index"] is None:
        return f"index {row['problem_id']}"
    given = "" if _DIGEST.fullmatch(row["problem_id"]) else f" id {row['problem_id']}"
    return f"index {row['index']}{given}"


def _shorten(answer: str | None) -> str:
    """An answer as it is; of a program, how it begins."""
    return repr(answer) if answer is None or len(answer) <= 200 else f"{answer[:200]!r}..."


def main(
    verdicts: Annotated[
        Path | None, typer.Argument(help="Verdicts: .parquet, or .jsonl or .csv of `passk judge`.")
    ] = None,
    draw: Annotated[str | None, typer.Option(help="Or: a draw of the study at hand.")] = None,
    against: Annotated[Path | None, typer.Option(help="Other verdicts, likewise.")] = None,
    rev: Annotated[str | None, typer.Option(help="Git revision with the same file.")] = None,
    out: Annotated[Path | None, typer.Option(help="Also write what changed (CSV).")] = None,
) -> None:
    """List verdicts that changed; against recorded grades unless --against or --rev is given.

    Exit code 0: nothing changed; 1: something did; 2: nothing could be compared.

    Example: passk disagreements data/imported/verdicts/example.parquet --rev HEAD~1
    """
    try:
        both, new, old = _compare_files(_find_file(verdicts, draw), against, rev)
    except (DisagreementsError, ParameterError, PolarsError) as error:
        typer.echo(f"passk disagreements: {error}", err=True)
        raise typer.Exit(FAILED) from None
    changed = both.filter(pl.col("new") != pl.col("old"))
    if out is not None:
        columns = ("set", "index", "problem_id", "sample_index", "answer", "gold", "old", "new")
        changed.select(*columns, "reason").write_csv(out)
    typer.echo(format_report(both, new, old))
    raise typer.Exit(DIFFERENT if changed.height else SAME)


def _compare_files(
    path: Path, against: Path | None, rev: str | None
) -> tuple[pl.DataFrame, int, int]:
    """Samples that both have, and how many the new and the old verdicts have."""
    new = _check_verdicts(_read(path), str(path))
    old = read_earlier(path, new, against, rev)
    both = compare(add_problems(new, path), old)
    if not both.height:
        raise DisagreementsError(f"{path}: no sample is in both; are these verdicts on one draw?")
    return both, new.height, old.height


def _find_file(verdicts: Path | None, draw: str | None) -> Path:
    if (verdicts is None) == (draw is None):
        raise DisagreementsError("name either a file of verdicts or --draw NAME")
    if verdicts is not None:
        return verdicts
    study = str(read(paths.PARAMS)["study"])
    return paths.verdicts(study, str(draw))
