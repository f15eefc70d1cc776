"""Samples that somebody else drew: every form they come in, and every way to be wrong."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import needs_real, real_file

from passk.config import paths
from passk.core.rows import RecordedError, Row, read_rows
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import RESPONSES, SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.data.import_settings import Columns
from passk.data.imported import normal_form
from passk.pipeline.stages import import_, verify
from passk.pipeline.stages.job import Job, StageError

QWEN = "samples/math_qwen_100x8.jsonl"
REAL = real_file(QWEN)
COLUMNS = Columns(recorded_grade="recorded_grade")
GOOD = [
    {"problem": "1+1?", "gold": 2, "response": ["2", "3"], "recorded_grade": [True, False]},
    {"problem": "2+2?", "gold": "4", "response": ["4", "4"], "recorded_grade": [1, "False"]},
]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def rows(values):
    return [Row(f"row {i}", value) for i, value in enumerate(values, 1)]


def write(values, path="samples.jsonl"):
    Path(path).write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


def job(path, columns=None, group="import"):
    columns = columns or COLUMNS.model_dump(exclude_none=True)
    entry = {"path": str(path), "columns": columns, "domain": "math"}
    return Job(group, "qwen", {"study": "t", "imported": {"qwen": entry}}, "")


def test_lists_explode_and_index_is_order_of_appearance():
    problems, responses = normal_form(rows(GOOD), COLUMNS, "qwen", "math")
    assert problems["question"].to_list() == ["1+1?", "2+2?"]
    assert problems["index"].to_list() == [0, 1]
    assert problems["answer"].to_list() == ["2", "4"]
    both = problems.join(responses, on="problem_id").sort("index", "sample_index")
    assert both["text"].to_list() == ["2", "3", "4", "4"]
    assert both["recorded_grade"].to_list() == [True, False, True, False]


def test_one_sample_a_row_is_the_same_as_lists():
    flat = [
        row | {"response": text, "recorded_grade": grade}
        for row in GOOD
        for text, grade in zip(row["response"], row["recorded_grade"], strict=True)
    ]
    listed = normal_form(rows(GOOD), COLUMNS, "qwen", "math")
    single = normal_form(rows(flat), COLUMNS, "qwen", "math")
    assert all(a.equals(b) for a, b in zip(listed, single, strict=True))


def test_sample_indices_and_problem_ids_of_the_file_are_kept():
    columns = Columns(problem_id="pid", sample_index="k")
    values = [
        {"pid": 7, "problem": "1+1?", "gold": 2.0, "response": "b", "k": 1},
        {"pid": 7, "problem": "1+1?", "gold": 2.0, "response": "a", "k": 0},
    ]
    _, responses = normal_form(rows(values), columns, "qwen", "math")
    assert responses["text"].to_list() == ["a", "b"]
    with pytest.raises(RecordedError, match=r"row 3: sample index 0 .* taken in row 2"):
        normal_form(rows([*values, values[1]]), columns, "qwen", "math")


@pytest.mark.parametrize("kind", ["jsonl", "jsonl.gz", "json", "parquet"])
def test_every_kind_of_file_gives_the_same_rows(kind):
    values = [{"problem": "1+1?", "gold": "2", "response": ["2", "3"]}]
    path = Path(f"samples.v1.{kind}")
    if kind == "parquet":
        pl.DataFrame(values).write_parquet(path)
    elif kind == "jsonl.gz":
        path.write_bytes(gzip.compress(json.dumps(values[0]).encode()))
    else:
        path.write_text(json.dumps(values[0] if kind == "jsonl" else values))
    assert [row.values for row in read_rows(path)] == values


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gold": None}, "row 2: gold answer is None"),
        ({"gold": float("nan")}, "row 2: gold answer is nan"),
        ({"gold": " "}, "row 2: gold answer is empty"),
        ({"problem": None}, "row 2: question is None"),
        ({"response": ["4", None]}, "row 2: entry 1 of 'response' is None"),
        ({"response": []}, "row 2: 2 entries in 'recorded_grade', but 0 in 'response'"),
        ({"response": [], "recorded_grade": []}, "row 2: a problem without a sample"),
        ({"recorded_grade": [True]}, "row 2: 1 entries in 'recorded_grade', but 2"),
        ({"recorded_grade": [True, "maybe"]}, "row 2: recorded grade is 'maybe'"),
        ({"problem": "1+1?"}, "row 2: the same problem stands in row 1 with another gold"),
    ],
)
def test_bad_rows_are_named(change, message):
    with pytest.raises(RecordedError) as caught:
        normal_form(rows([GOOD[0], GOOD[1] | change]), COLUMNS, "qwen", "math")
    assert message in str(caught.value)


def test_a_missing_column_is_named_with_those_there_are():
    with pytest.raises(RecordedError, match=r"no column 'gold'; found \['problem', 'resp"):
        normal_form(rows([{"problem": "?", "response": "1"}]), Columns(), "qwen", "math")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"problem": "1"}\n{"problem": \n', "a.jsonl, line 2: not valid JSON"),
        ("a.jsonl", b"[1, 2]\n", "a.jsonl, line 1: expected an object"),
        ("a.jsonl", b"\xff\xfe\n", "damaged, or not UTF-8"),
        ("a.jsonl", b"\n", "holds no row"),
        ("a.jsonl.gz", b"nonsense", "damaged"),
        ("a.json", b"{}", "expected a list"),
        ("a.parquet", b"PAR1 nonsense", "a.parquet: not a readable Parquet file"),
        ("a.csv", b"", "holds no row"),
        ("a.csv", b"x,y\n1\n", "a.csv, line 2: 1 cells for 2 columns"),
        ("a.txt", b"", "expected .jsonl"),
    ],
)
def test_bad_files_are_named_and_nothing_is_written(name, content, message):
    Path(name).write_bytes(content)
    with pytest.raises(StageError) as caught:
        import_.run(job(name))
    assert message in str(caught.value)
    assert not Path("data").exists()
    assert not Path("models").exists()


def test_a_missing_file_is_named():
    with pytest.raises(StageError, match=r"imported.qwen: nowhere.jsonl: no such file"):
        import_.run(job("nowhere.jsonl"))


def samples_of(draw="d", study="t", name="qwen"):
    """What the imported engine makes of the responses."""
    problems = PROBLEMS.read(paths.problems(study, name))
    PROBLEMS.write(problems, paths.problem_set(study, name))
    responses = RESPONSES.read(paths.model(study, name) / "responses.parquet")
    nothing = set(SAMPLES.columns) - set(responses.columns) - {"draw", "set", "finish_reason"}
    frame = responses.with_columns(
        draw=pl.lit(draw),
        set=pl.lit(name),
        finish_reason=pl.lit("unknown"),
        **{column: pl.lit(None) for column in nothing},
    )
    SAMPLES.write(frame, paths.samples(study, draw))
    return frame


def verify_job(draw="d"):
    params = {"study": "t", "draws": {draw: {"sets": ["qwen"]}}, "verification": {"math": {}}}
    return Job("verify", draw, params, "")


@needs_real(QWEN)
def test_real_samples_from_file_to_verdicts():
    columns = {
        "problem": "question",
        "gold": "gt",
        "response": "response",
        "recorded_grade": "score",
    }
    assert import_.run(job(REAL, columns)) == {"problems": 100.0, "samples": 800.0}
    samples_of()
    assert verify.run(verify_job())["correct"] == 0.91125
    verdicts = VERDICTS.read(paths.verdicts("t", "d"))
    problems = PROBLEMS.read(paths.problem_set("t", "qwen"))
    solved = (
        verdicts.group_by("problem_id")
        .agg(c=(pl.col("verdict") == "correct").sum())
        .join(problems, on="problem_id")
    )
    assert solved.filter(c=0).height == 3
    first = paths.verdicts("t", "d").read_bytes()
    verify.run(verify_job())
    assert paths.verdicts("t", "d").read_bytes() == first


def test_verify_refuses_a_problem_without_a_sample_and_a_sample_without_a_problem():
    import_.run(job(write(GOOD)))
    frame = samples_of()
    one = frame.filter(pl.col("problem_id") == frame["problem_id"][0])
    SAMPLES.write(one, paths.samples("t", "d"))
    with pytest.raises(StageError, match="draw d: 1 problems have no sample"):
        verify.run(verify_job())
    SAMPLES.write(frame, paths.samples("t", "d"))
    PROBLEMS.write(
        PROBLEMS.read(paths.problem_set("t", "qwen")).head(1), paths.problem_set("t", "qwen")
    )
    with pytest.raises(StageError, match="draw d: 2 samples answer problems that are in none"):
        verify.run(verify_job())
    assert not paths.verdicts("t", "d").exists()


def test_chains_are_read_where_the_problem_is_of_a_generated_world_only():
    question, good, bad = "f(48213)", r" f:reverse=31284 \boxed{31284}", "31284"
    frame = pl.DataFrame(
        {
            "source": ["generated world digits, split t", "world:digits", "imported:qwen"],
            "question": [question] * 3,
            "text": [good, bad, good],
            "tests": [None] * 3,
            "domain": ["math"] * 3,
        }
    )
    assert verify.chain_validity(frame).to_list() == [True, None, None]
