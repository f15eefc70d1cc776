"""`passk disagreements`: what changed between graders, and how much they agree."""

import math
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from passk.analysis.disagreements import cohen_kappa, compare
from passk.cli.disagreements import main


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run_disagreements(*arguments):
    app = typer.Typer()
    app.command()(main)
    return CliRunner().invoke(app, list(map(str, arguments)))


def table(verdicts, path=None, **columns):
    size = len(verdicts)
    frame = pl.DataFrame(
        {
            "set": ["s"] * size,
            "problem_id": [f"p{i // 2}" for i in range(size)],
            "sample_index": [i % 2 for i in range(size)],
            "index": [i // 2 for i in range(size)],
            "gold": ["1"] * size,
            "answer": ["1"] * size,
            "verdict": verdicts,
            "reason": ["equal"] * size,
            **columns,
        }
    )
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(path)
    return frame


def test_against_recorded_grades():
    grades = [True, True, False, None]
    table(["correct", "wrong", "wrong", "unknown"], "v.parquet", recorded_grade=grades)
    done = run_disagreements("v.parquet", "--out", "changed.csv")
    assert done.exit_code == 1
    assert (
        "set s index 0 id p0 sample 1: correct -> wrong (equal); answer '1', gold '1'"
        in done.output
    )
    assert "1 of 3 verdicts differ; Cohen's kappa 0.4" in done.output
    assert pl.read_csv("changed.csv").select("index", "old", "new").rows() == [
        (0, "correct", "wrong")
    ]


def test_against_another_file_in_any_order():
    table(["correct", "wrong"], "v.parquet")
    table(["correct", "wrong"]).reverse().write_parquet("w.parquet")
    assert run_disagreements("v.parquet", "--against", "w.parquet").exit_code == 0
    table(["unknown", "wrong"], "w.parquet")
    done = run_disagreements("v.parquet", "--against", "w.parquet")
    assert done.exit_code == 1
    assert "unknown -> correct" in done.output


def test_samples_that_only_one_has_are_told():
    table(["correct", "wrong"], "v.parquet")
    table(["correct", "wrong", "wrong"], "w.parquet")
    assert "new has 2, old has 3" in run_disagreements("v.parquet", "--against", "w.parquet").output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name either a file of verdicts or --draw"),
        (["none.parquet"], "none.parquet: no such file"),
        (["v.parquet"], "no grade was recorded"),
        (["v.parquet", "--against", "w.parquet", "--rev", "HEAD"], "exclude each other"),
        (["v.parquet", "--against", "bad.parquet"], "bad.parquet: not a readable Parquet file"),
        (["v.parquet", "--against", "other.parquet"], "no sample is in both"),
        (["v.parquet", "--against", "points.parquet"], "points.parquet: no verdict table"),
        (["--draw", "d"], "params.yaml: no such file"),
    ],
)
def test_what_cannot_be_compared_is_exit_code_2(arguments, message):
    table(["correct"], "v.parquet")
    table(["correct"], "other.parquet", set=["t"])
    pl.DataFrame({"x": [1]}).write_parquet("points.parquet")
    Path("bad.parquet").write_bytes(b"nonsense")
    done = run_disagreements(*arguments)
    assert done.exit_code == 2
    assert message in done.output


def test_a_draw_of_a_study_takes_grades_and_golds_from_its_neighbours():
    Path("params.yaml").write_text("study: t\n")
    verdicts = table(["correct", "wrong"]).drop("index", "gold")
    for folder in ("verdicts", "samples", "sets"):
        Path("data/t", folder).mkdir(parents=True)
    verdicts.write_parquet("data/t/verdicts/d.parquet")
    graded = verdicts.drop("verdict").with_columns(recorded_grade=pl.Series([True, True]))
    graded.write_parquet("data/t/samples/d.parquet")
    asked = pl.DataFrame({"set": ["s"], "problem_id": ["p0"], "index": [72], "answer": ["7"]})
    asked.write_parquet("data/t/sets/s.parquet")
    done = run_disagreements("--draw", "d")
    assert done.exit_code == 1
    assert "index 72 id p0 sample 1: correct -> wrong" in done.output
    assert "gold '7'" in done.output


def test_against_another_revision():
    def git(*arguments):
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments], check=True)

    table(["correct", "wrong"], "data/t/verdicts/d.parquet")
    git("init", "-q")
    for command in (("init", "-q"), ("add", "-q", "data/t/verdicts/d.parquet")):
        subprocess.run([sys.executable, "-m", "dvc", *command], check=True)
    git("add", ".")
    git("commit", "-qm", "one")
    Path("data/t/verdicts/d.parquet").unlink()
    table(["wrong", "wrong"], "data/t/verdicts/d.parquet")
    done = run_disagreements("data/t/verdicts/d.parquet", "--rev", "HEAD")
    assert done.exit_code == 1, done.output
    assert "index 0 id p0 sample 0: correct -> wrong" in done.output
    missing = run_disagreements("data/t/verdicts/d.parquet", "--rev", "nowhere")
    assert missing.exit_code == 2
    assert "revision 'nowhere'" in missing.output


GRADES = st.sampled_from(["correct", "wrong", "unknown"])
TABLES = st.dictionaries(st.tuples(GRADES, GRADES), st.integers(0, 50))


@given(TABLES)
def test_kappa_is_at_most_one_symmetric_and_scale_free(counts):
    kappa = cohen_kappa(counts)
    if math.isnan(kappa):
        return
    assert kappa <= 1
    assert math.isclose(
        kappa, cohen_kappa({(b, a): n for (a, b), n in counts.items()}), abs_tol=1e-12
    )
    assert math.isclose(kappa, cohen_kappa({k: 3 * n for k, n in counts.items()}), abs_tol=1e-12)
    agree = all(a == b for (a, b), n in counts.items() if n)
    assert (abs(kappa - 1) < 1e-12) == agree


def test_kappa_is_undefined_without_samples_or_without_variety():
    assert math.isnan(cohen_kappa({}))
    assert math.isnan(cohen_kappa({("wrong", "wrong"): 9}))


def test_comparing_with_itself_changes_nothing():
    frame = table(["correct", "unknown", "wrong"])
    both = compare(frame, frame)
    assert both["old"].to_list() == both["new"].to_list()
