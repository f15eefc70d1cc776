"""`passk export`: a draw's samples as JSON lines, the form in which other people's come in."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import polars as pl
import typer

from passk.config import paths
from passk.config.study import load_study
from passk.core.files import json_lines, write_text
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import CORRECT, VERDICTS
from passk.core.tables import TableError


class ExportedProblem(NamedTuple):
    """One line of the file: a problem with a draw's responses.

    Attributes:
        problem_id: null where the question alone names the problem.
        image: the image's digest; null where there is none. Many problems with an image ask in the
            same words, so these have ids.
        problem: the question.
        gold: reference answer.
        response: the draw's responses by sample index.
        recorded_grade: whether each is correct.
    """

    problem_id: str | None
    image: str | None
    problem: str
    gold: str
    response: list[str]
    recorded_grade: list[bool]

    def columns(self) -> Mapping[str, object]:
        """What the line holds; null columns are left out."""
        return {name: value for name, value in self._asdict().items() if value is not None}


def collect_responses(
    study: str, draw: str, problems: pl.DataFrame, n: int | None
) -> list[ExportedProblem]:
    """A draw's first n responses to some problems of one set, with their grades."""
    samples = SAMPLES.read(paths.samples(study, draw))
    key = ["set", "problem_id", "sample_index"]
    judged = samples.join(
        VERDICTS.read(paths.verdicts(study, draw)).select(*key, "verdict"), on=key, how="left"
    )
    cells = judged.sort("sample_index").partition_by("set", "problem_id", as_dict=True)
    columns = problems.select("set", "problem_id", "image", "question", "answer")
    exported = []
    for set_name, problem_id, image, question, answer in columns.iter_rows():
        cell = cells[set_name, problem_id][:n]
        exported.append(
            ExportedProblem(
                problem_id if image else None,
                image,
                question,
                answer,
                cell["text"].to_list(),
                (cell["verdict"] == CORRECT).to_list(),
            )
        )
    return exported


def read_problems(study: str, name: str, first: int | None) -> pl.DataFrame:
    """The first problems of a set; None: all."""
    return PROBLEMS.read(paths.problem_set(study, name)).sort("index")[:first]


def write_images(problems: pl.DataFrame, folder: Path) -> int:
    """Write each image once as DIGEST.png, which tells nothing of it; returns how many."""
    distinct = problems.filter(pl.col("image").is_not_null()).unique("image", maintain_order=True)
    folder.mkdir(parents=True, exist_ok=True)
    for digest, png in distinct.select("image", "image_bytes").iter_rows():
        (folder / f"{digest}.png").write_bytes(png)
    return distinct.height


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
    images: Annotated[
        Path | None, typer.Option(help="Folder to write the problems' images to, as IMAGE.png.")
    ] = None,
) -> None:
    """Write a draw's samples with their grades: of math problems, ready for the imported study.

    Example: passk export base --set indomain --problems 12 --n 8 --out samples.jsonl

    Problems with an image name it under `image`; --images writes the images themselves.
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
    if out.is_dir() or (images is not None and images.exists() and not images.is_dir()):
        fault = f"--out {out}: a folder" if out.is_dir() else f"--images {images}: a file"
        typer.echo(f"passk export: {fault}; name another", err=True)
        raise typer.Exit(1)
    try:
        chosen = read_problems(study.study, name, problems)
        exported = collect_responses(study.study, draw, chosen, n)
        lines = (problem.columns() for problem in exported)
        write_text(out, json_lines(lines, ascii_only=False))
        typer.echo(f"{out}: {summarize(exported)}")
        if images is not None:
            typer.echo(f"{images}: {write_images(chosen, images)} images")
    except (OSError, TableError) as error:
        typer.echo(f"passk export: {error}", err=True)
        raise typer.Exit(1) from None


def summarize(exported: Sequence[ExportedProblem]) -> str:
    """How much was written.

    Example:
        >>> problem = ExportedProblem(None, None, "1+1?", "2", ["2", "3"], [True, False])
        >>> summarize([problem])
        '1 problems, 2 samples each'
    """
    sizes = sorted({len(problem.response) for problem in exported})
    each = f"{sizes[0]} to {sizes[-1]}" if len(sizes) > 1 else "".join(map(str, sizes))
    return f"{len(exported)} problems, {each or 0} samples each"
