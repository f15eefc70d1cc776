"""`passk export`: a draw's samples as JSON lines, or as a data set with its cards."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import polars as pl
import typer

from passk.cli.outputs import faults_of_file, faults_of_folder
from passk.config import paths
from passk.config.schema import Study
from passk.config.study import load_study
from passk.core.digests import file_digest
from passk.core.files import json_lines, json_text, replacing_folder, write_text
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import CORRECT, UNKNOWN, VERDICTS
from passk.core.tables import TableError
from passk.data.dataset_card import FIELDS, ExportedDataset, card, croissant

# Of each sample, in lists beside the responses; a list that says nothing is left out.
_BESIDE = ("recorded_grade", "sample_index", "finish_reason", "n_tokens", "seed", "sum_logprob")
_FILE = "data/samples.parquet"
_DATASET = {_FILE, "README.md", "croissant.json"}


class ExportedProblem(NamedTuple):
    """One line of the file: a problem with a draw's responses.

    Attributes:
        problem_id: null where the question alone names the problem.
        image: the image's digest; null where there is none. Many problems with an image ask in the
            same words, so these have ids.
        problem: the question.
        gold: reference answer.
        response: the draw's responses by sample index; null where there is none.
        recorded_grade: whether each is correct; null where that is unknown.
        sample_index, finish_reason, n_tokens, seed, sum_logprob: of each; null where not known.
    """

    problem_id: str | None
    image: str | None
    problem: str
    gold: str
    response: list[str | None]
    recorded_grade: list[bool | None]
    sample_index: list[int] | None = None
    finish_reason: list[str] | None = None
    n_tokens: list[int | None] | None = None
    seed: list[int | None] | None = None
    sum_logprob: list[float | None] | None = None

    def columns(self) -> Mapping[str, object]:
        """What the line holds; null columns, and lists of nulls, are left out."""
        return {name: value for name, value in self._asdict().items() if not _is_null(value)}


def _is_null(value: object) -> bool:
    return value is None or (
        isinstance(value, list) and bool(value) and all(entry is None for entry in value)
    )


def read_judged(study: str, draw: str, n: int | None) -> pl.DataFrame:
    """A draw's first n samples of each problem with their verdicts, ordered."""
    key = ["set", "problem_id", "sample_index"]
    verdicts = VERDICTS.read(paths.verdicts(study, draw)).select(*key, "verdict", "grader")
    frame = SAMPLES.read(paths.samples(study, draw)).join(verdicts, on=key, how="left").sort(key)
    if n is not None:
        rank = pl.col("sample_index").rank("ordinal").over("set", "problem_id")
        frame = frame.filter(rank <= n)
    return frame.with_columns(
        recorded_grade=pl.when(pl.col("verdict") != UNKNOWN).then(pl.col("verdict") == CORRECT),
        text=pl.when(pl.col("finish_reason") != "missing").then(pl.col("text")),
    )


def collect_responses(
    study: str, draw: str, problems: pl.DataFrame, n: int | None
) -> list[ExportedProblem]:
    """A draw's first n responses to some problems of one set, with their grades."""
    judged = read_judged(study, draw, n)
    cells = judged.partition_by("set", "problem_id", as_dict=True)
    columns = problems.select("set", "problem_id", "image", "question", "answer")
    exported = []
    for set_name, problem_id, image, question, answer in columns.iter_rows():
        cell = cells[set_name, problem_id]
        exported.append(
            ExportedProblem(
                problem_id if image else None,
                image,
                question,
                answer,
                cell["text"].to_list(),
                **{name: cell[name].to_list() for name in _BESIDE},
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


def write_dataset(
    study: Study, draw: str, problems: pl.DataFrame, n: int | None, folder: Path
) -> ExportedDataset:
    """Write a draw's samples of one set as a data set: a Parquet file and its cards."""
    asked = problems.select("set", "problem_id", problem="question", gold="answer")
    judged = read_judged(study.study, draw, n).join(
        asked, on=["set", "problem_id"], how="inner", maintain_order="left"
    )
    rows = judged.rename({"text": "response"}).select(list(FIELDS))
    with replacing_folder(folder) as temporary:
        (temporary / _FILE).parent.mkdir(parents=True, exist_ok=True)
        rows.write_parquet(temporary / _FILE)
        dataset = ExportedDataset(
            f"{study.study}-{draw}-{problems['set'][0]}",
            study.study,
            rows["problem_id"].n_unique(),
            rows.height,
            _sampling(study, draw),
            str(judged["grader"][0]),
            _FILE,
            file_digest(temporary / _FILE),
        )
        write_text(temporary / "README.md", card(dataset))
        write_text(temporary / "croissant.json", json_text(croissant(dataset)))
    return dataset


def _sampling(study: Study, draw: str) -> dict[str, Any]:
    return study.draws[draw].model_dump(mode="json")


def main(
    draw: Annotated[str, typer.Argument(help="A draw of the present study.")],
    name: Annotated[str, typer.Option("--set", help="The set.")],
    out: Annotated[
        Path, typer.Option(help="The file to write (.jsonl), or with --dataset a folder.")
    ],
    problems: Annotated[
        int | None, typer.Option(min=1, help="First so many problems; all.")
    ] = None,
    n: Annotated[
        int | None, typer.Option(min=1, help="First so many samples of each; all.")
    ] = None,
    *,
    dataset: Annotated[
        bool,
        typer.Option("--dataset", help="Write a data set with its cards."),
    ] = False,
    images: Annotated[
        Path | None, typer.Option(help="Folder to write the problems' images to, as IMAGE.png.")
    ] = None,
) -> None:
    """Write a draw's samples with their grades, ready for `passk import` and for others.

    A grade is null where the verdict is unknown. Importing what was exported gives the same counts.

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
    for fault in _find_faults(study.study, draw, name, out, images, dataset=dataset):
        typer.echo(f"passk export: {fault}", err=True)
        raise typer.Exit(1)
    try:
        chosen = read_problems(study.study, name, problems)
        if dataset:
            written = write_dataset(study, draw, chosen, n, out)
            typer.echo(f"{out}: {written.problems} problems, {written.samples} samples")
        else:
            exported = collect_responses(study.study, draw, chosen, n)
            lines = (problem.columns() for problem in exported)
            write_text(out, json_lines(lines, ascii_only=False))
            typer.echo(f"{out}: {summarize(exported)}")
        if images is not None:
            typer.echo(f"{images}: {write_images(chosen, images)} images")
    except (OSError, TableError) as error:
        typer.echo(f"passk export: {error}", err=True)
        raise typer.Exit(1) from None


def _find_faults(
    study: str, draw: str, name: str, out: Path, images: Path | None, *, dataset: bool
) -> Iterator[str]:
    """Why nothing can be written there: an output replaces only what is its own like."""
    read = [paths.samples(study, draw), paths.verdicts(study, draw), paths.problem_set(study, name)]
    inputs = [paths.PARAMS, *read]
    if dataset:
        yield from faults_of_folder(out, inputs, _DATASET.__contains__, "--out")
    else:
        yield from faults_of_file(out, inputs, (".jsonl", ".ndjson"))
    if images is not None and images.exists() and not images.is_dir():
        yield f"--images {images}: a file; name a folder"


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
