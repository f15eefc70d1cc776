"""`passk export`: how much is written, and what is refused."""

import json
from pathlib import Path

import click
import polars as pl
import pytest
import typer
from PIL import Image
from tests.conftest import ROOT
from typer.testing import CliRunner

from passk.cli import export
from passk.config import paths
from passk.config.study import load_study
from passk.core.images import encode, normalize
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.data.dataset_card import FIELDS, ExportedDataset, card, croissant
from passk.logs.reader import LogReading, read


def run(*arguments):
    app = typer.Typer()
    app.command()(export.main)
    return CliRunner().invoke(app, ["d", "--set", "s", "--out", "x.jsonl", *arguments])


@pytest.mark.parametrize(("flag", "value"), [("--n", "0"), ("--problems", "-2")])
def test_fewer_than_one_is_refused(flag, value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(flag, value)
    assert done.exit_code == 2
    assert flag in click.unstyle(done.output)
    assert not Path("x.jsonl").exists()


@pytest.mark.parametrize(
    ("sizes", "summary"),
    [([8] * 12, "12 problems, 8 samples each"), ([2, 5, 3], "3 problems, 2 to 5 samples each")],
)
def test_what_was_written_is_said(sizes, summary):
    problems = [
        export.ExportedProblem(None, None, "?", "4", ["x"] * size, [True] * size) for size in sizes
    ]
    assert export.summarize(problems) == summary


@pytest.fixture
def red(tmp_path, monkeypatch):
    """The image that two of three problems show, in a study of one draw on their set."""
    monkeypatch.chdir(tmp_path)
    image = encode(Image.new("RGB", (8, 4), "red"))
    ids = ["a", "b", "c"]
    problems = pl.DataFrame(
        {
            "problem_id": ids,
            "image": [image.digest, image.digest, None],
            "image_bytes": [image.png, image.png, None],
            "index": range(3),
        }
    )
    constant = {"domain": "visual", "set": "s", "question": "How many?", "answer": "4",
                "answer_type": "integer", "source": "made"}  # fmt: skip
    PROBLEMS.write(fill_columns(problems, PROBLEMS, constant), paths.problem_set("toy", "s"))
    responses = pl.DataFrame({"problem_id": ids, "sample_index": [0] * 3})
    constant = {"draw": "d", "set": "s", "text": "\\boxed{4}", "finish_reason": "stop"}
    SAMPLES.write(fill_columns(responses, SAMPLES, constant), paths.samples("toy", "d"))
    constant = {"draw": "d", "set": "s", "verdict": "correct", "reason": "equal",
                "grader": "visual/1"}  # fmt: skip
    VERDICTS.write(fill_columns(responses, VERDICTS, constant), paths.verdicts("toy", "d"))
    return image


def fill_columns(frame, table, constant):
    absent = {name: constant.get(name) for name in table.columns if name not in frame.columns}
    return frame.with_columns(
        pl.lit(value).cast(table.columns[name]).alias(name) for name, value in absent.items()
    )


def test_rows_name_their_image_and_their_problem(red):
    problems = export.read_problems("toy", "s", None)
    lines = [line.columns() for line in export.collect_responses("toy", "d", problems, None)]
    assert [(line.get("problem_id"), line.get("image")) for line in lines] == [
        ("a", red.digest), ("b", red.digest), (None, None),
    ]  # fmt: skip
    assert set(lines[2]) == {
        "problem", "gold", "response", "recorded_grade", "sample_index", "finish_reason",
    }  # fmt: skip
    assert [line["recorded_grade"] for line in lines] == [[True]] * 3


def test_each_image_is_written_once_named_by_its_digest(red, tmp_path):
    for first, written in ((None, 1), (1, 1)):
        folder = tmp_path / f"images-{first}" / "here"
        assert export.write_images(export.read_problems("toy", "s", first), folder) == written
        (file,) = folder.iterdir()
        assert file.name == f"{red.digest}.png"
        assert normalize(file.read_bytes(), "here") == red


def test_unknown_verdicts_are_null_and_come_back_as_unknown(red):
    verdicts = VERDICTS.read(paths.verdicts("toy", "d"))
    verdicts = verdicts.with_columns(verdict=pl.Series(["correct", "wrong", "unknown"]))
    VERDICTS.write(verdicts, paths.verdicts("toy", "d"))
    exported = export.collect_responses("toy", "d", export.read_problems("toy", "s", None), None)
    assert [problem.recorded_grade for problem in exported] == [[True], [False], [None]]
    assert "recorded_grade" not in exported[2].columns()
    path = Path("x.jsonl")
    path.write_text("".join(json.dumps(problem.columns()) + "\n" for problem in exported))
    samples = list(read([path], LogReading()))
    assert [sample.grade for sample in samples] == [True, False, None]
    assert [sample.finish for sample in samples] == ["stop"] * 3


@pytest.mark.slow
def test_a_data_set_passes_croissants_own_validator(red, tmp_path):
    """mlcroissant refuses a document with an error, and reads the rows by its fields."""
    mlcroissant = pytest.importorskip("mlcroissant", reason="pip install -e '.[dev]'")
    study = load_study(ROOT / "params.yaml")
    for table, path in ((PROBLEMS, paths.problem_set), (SAMPLES, paths.samples)):
        name = "s" if table is PROBLEMS else "d"
        frame = table.read(path("toy", name))
        frame = frame if table is PROBLEMS else frame.with_columns(draw=pl.lit("base"))
        table.write(frame, path(study.study, "s" if table is PROBLEMS else "base"))
    verdicts = VERDICTS.read(paths.verdicts("toy", "d")).with_columns(draw=pl.lit("base"))
    VERDICTS.write(verdicts, paths.verdicts(study.study, "base"))
    problems = export.read_problems(study.study, "s", None)
    written = export.write_dataset(study, "base", problems, None, tmp_path / "set")
    read = mlcroissant.Dataset(tmp_path / "set" / "croissant.json")
    assert "http://mlcommons.org/croissant/1.1" in read.metadata.conforms_to
    rows = list(read.records("responses"))
    assert len(rows) == written.samples == 3
    assert {row["responses/problem_id"] for row in rows} == {b"a", b"b", b"c"}
    assert rows[0].keys() == {f"responses/{name}" for name in FIELDS}
    document = json.loads((tmp_path / "set" / "croissant.json").read_text())
    document["recordSet"][0]["field"][0]["dataType"] = "sc:NoSuchType"
    del document["distribution"][0]["contentUrl"]
    with pytest.raises(mlcroissant.ValidationError, match="contentUrl"):
        mlcroissant.Dataset(document)


def test_croissant_names_the_columns_of_the_file():
    dataset = ExportedDataset("a", "s", 1, 2, {"model": "m"}, "g", "data/samples.parquet", "0" * 64)
    document = croissant(dataset)
    fields = document["recordSet"][0]["field"]
    assert [field["source"]["extract"]["column"] for field in fields] == list(FIELDS)
    assert document["distribution"][0]["contentUrl"] == "data/samples.parquet"
    assert "path: data/samples.parquet" in card(dataset)
