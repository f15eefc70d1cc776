"""`passk export`: a draw's samples as JSON lines, the form in which other people's come in."""

from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from passk.config import paths
from passk.config.study import load_study
from passk.core.files import json_lines, write_text
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import CORRECT, VERDICTS
from passk.core.tables import TableError


def rows(
    study: str, draw: str, name: str, problems: int | None, n: int | None
) -> list[dict[str, Any]]:
    """One row per problem of a set: question, gold answer, responses and their grades.

    Problems with an image name it by its digest, and their id: many ask in the same words.
    """
    asked = asked_of(study, name, problems)
    samples = SAMPLES.read(paths.samples(study, draw)).filter(pl.col("set") == name)
    key = ["set", "problem_id", "sample_index"]
    judged = samples.join(
        VERDICTS.read(paths.verdicts(study, draw)).select(*key, "verdict"), on=key, how="left"
    )
    cells = judged.sort("sample_index").partition_by("problem_id", as_dict=True)
    found = []
    for problem in asked.iter_rows(named=True):
        cell = cells[problem["problem_id"],][:n]
        shown = {key: problem[key] for key in ("problem_id", "image")} if problem["image"] else {}
        found.append(
            {
                **shown,
                "problem": problem["question"],
                "gold": problem["answer"],
                "response": cell["text"].to_list(),
                "recorded_grade": (cell["verdict"] == CORRECT).to_list(),
            }
        )
    return found


def asked_of(study: str, name: str, problems: int | None) -> pl.DataFrame:
    """The first problems of a set."""
    return PROBLEMS.read(paths.problem_set(study, name)).sort("index")[:problems]


def write_pictures(asked: pl.DataFrame, folder: Path) -> int:
    """Write each image once as DIGEST.png, which tells nothing of it; returns how many."""
    shown = asked.filter(pl.col("image").is_not_null()).unique("image", maintain_order=True)
    folder.mkdir(parents=True, exist_ok=True)
    for digest, png in shown.select("image", "picture").iter_rows():
        (folder / f"{digest}.png").write_bytes(png)
    return shown.height


def main(
    draw: Annotated[str, typer.Argument(help="A draw of the present study.")],
    name: Annotated[str, typer.Option("--set", help="The set.")],
    out: Annotated[Path, typer.Option(help="The file to write (.jsonl).")],
    problems: Annotated[
        int | None, typer.Option(min=1, help="First so many problems; all.")
    ] = None,
    n: Annotated[
        int | None, typer.Option(min=1, help="First so many samples of each; all.")
    ] = None,
    *,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder to write the problems' pictures to, as IMAGE.png.")
    ] = None,
) -> None:
    """Write a draw's samples with their grades: of math problems, ready for the imported study.

    Example: passk export base --set indomain --problems 12 --n 8 --out samples.jsonl

    Problems with an image name it under `image`; --pictures writes the images themselves.
    """
    study = load_study(paths.PARAMS)
    if draw not in study.draws or name not in study.draws[draw].sets:
        known = (
            f"it samples {', '.join(study.draws[draw].sets)}"
            if draw in study.draws
            else f"draws are {', '.join(study.draws)}"
        )
        typer.echo(f"passk export: no draw {draw!r} on set {name!r}; {known}", err=True)
        raise typer.Exit(1)
    if out.is_dir() or (pictures is not None and pictures.exists() and not pictures.is_dir()):
        said = f"--out {out}: a folder" if out.is_dir() else f"--pictures {pictures}: a file"
        typer.echo(f"passk export: {said}; name another", err=True)
        raise typer.Exit(1)
    try:
        found = rows(study.study, draw, name, problems, n)
        asked = asked_of(study.study, name, problems)
        write_text(out, json_lines(found, ascii_only=False))
        typer.echo(f"{out}: {summary(found)}")
        if pictures is not None:
            typer.echo(f"{pictures}: {write_pictures(asked, pictures)} pictures")
    except (OSError, TableError) as error:
        typer.echo(f"passk export: {error}", err=True)
        raise typer.Exit(1) from None


def summary(found: list[dict[str, Any]]) -> str:
    """How much was written.

    Example:
        >>> summary([{"response": ["a", "b"]}, {"response": ["c", "d"]}])
        '2 problems, 2 samples each'
    """
    sizes = sorted({len(row["response"]) for row in found})
    each = f"{sizes[0]} to {sizes[-1]}" if len(sizes) > 1 else "".join(map(str, sizes))
    return f"{len(found)} problems, {each or 0} samples each"
