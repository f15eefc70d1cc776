"""`passk export`: how much is written, and what is refused."""

from pathlib import Path

import click
import polars as pl
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from passk.cli import export
from passk.config import paths
from passk.core.images import encode, normal
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS


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
    ("sizes", "said"),
    [([8] * 12, "12 problems, 8 samples each"), ([2, 5, 3], "3 problems, 2 to 5 samples each")],
)
def test_what_was_written_is_said(sizes, said):
    found = [{"response": ["x"] * size} for size in sizes]
    assert export.summary(found) == said


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """A study of one draw on a set of three problems, of which two show the same picture."""
    monkeypatch.chdir(tmp_path)
    one = encode(Image.new("RGB", (8, 4), "red"))
    images, pngs = [one.digest, one.digest, None], [one.png, one.png, None]
    ids = ["a", "b", "c"]
    asked = pl.DataFrame({"problem_id": ids, "image": images, "picture": pngs, "index": range(3)})
    told = {"domain": "visual", "set": "s", "question": "How many?", "answer": "4",
            "answer_type": "integer", "source": "made"}  # fmt: skip
    PROBLEMS.write(filled(asked, PROBLEMS, told), paths.problem_set("toy", "s"))
    answered = pl.DataFrame({"problem_id": ids, "sample_index": [0] * 3})
    told = {"draw": "d", "set": "s", "text": "\\boxed{4}", "finish_reason": "stop"}
    SAMPLES.write(filled(answered, SAMPLES, told), paths.samples("toy", "d"))
    told = {"draw": "d", "set": "s", "verdict": "correct", "reason": "equal", "grader": "visual/1"}
    VERDICTS.write(filled(answered, VERDICTS, told), paths.verdicts("toy", "d"))
    return one


def filled(frame, table, told):
    absent = {name: told.get(name) for name in table.columns if name not in frame.columns}
    return frame.with_columns(
        pl.lit(value).cast(table.columns[name]).alias(name) for name, value in absent.items()
    )


def test_rows_name_their_picture_and_their_problem(drawn):
    found = export.rows("toy", "d", "s", None, None)
    assert [(row.get("problem_id"), row.get("image")) for row in found] == [
        ("a", drawn.digest), ("b", drawn.digest), (None, None),
    ]  # fmt: skip
    assert set(found[2]) == {"problem", "gold", "response", "recorded_grade"}
    assert [row["recorded_grade"] for row in found] == [[True]] * 3


def test_each_picture_is_written_once_named_by_its_digest(drawn, tmp_path):
    for problems, written in ((None, 1), (1, 1)):
        folder = tmp_path / f"pictures-{problems}" / "here"
        assert export.write_pictures(export.asked_of("toy", "s", problems), folder) == written
        (file,) = folder.iterdir()
        assert file.name == f"{drawn.digest}.png"
        assert normal(file.read_bytes(), "here") == drawn
