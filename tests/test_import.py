"""Samples that somebody else drew: every form they come in, and every way to be wrong."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import needs_real, real_file

from passk.config import paths
from passk.core.ids import problem_id
from passk.core.rows import read_rows
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import RESPONSES, SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.pipeline.stages import import_, verify
from passk.pipeline.stages.job import Job, StageError

QWEN = "samples/math_qwen_100x8.jsonl"
REAL = real_file(QWEN)
GOOD = [
    {"problem": "1+1?", "gold": 2, "response": ["2", "3"], "recorded_grade": [True, False]},
    {"problem": "2+2?", "gold": "4", "response": ["4", "4"], "recorded_grade": [1, "False"]},
]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(values, path="samples.jsonl"):
    Path(path).write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


def job(path, columns=None, group="import", **changes):
    columns = columns or {}
    entry = {"path": str(path), "columns": columns, "domain": "math"} | changes
    return Job(group, "qwen", {"study": "t", "imported": {"qwen": entry}}, "")


def imported(values, columns=None, **changes):
    """Problems, and responses in the order of problems and samples."""
    import_.run(job(write(values), columns, **changes))
    problems = PROBLEMS.read(paths.problems("t", "qwen"))
    responses = RESPONSES.read(paths.model("t", "qwen") / "responses.parquet")
    both = problems.select("problem_id", "index").join(responses, on="problem_id")
    return problems, both.sort("index", "sample_index")


def test_lists_explode_and_index_is_order_of_appearance():
    problems, responses = imported(GOOD)
    assert problems["question"].to_list() == ["1+1?", "2+2?"]
    assert problems["index"].to_list() == [0, 1]
    assert problems["answer"].to_list() == ["2", "4"]
    assert responses["text"].to_list() == ["2", "3", "4", "4"]
    assert responses["recorded_grade"].to_list() == [True, False, True, False]


def test_a_question_that_nothing_else_names_has_the_id_that_it_has_everywhere():
    problems, _ = imported(GOOD)
    assert problems["problem_id"].to_list() == [problem_id("math", row["problem"]) for row in GOOD]


def test_one_sample_a_row_is_the_same_as_lists():
    flat = [
        row | {"response": text, "recorded_grade": grade}
        for row in GOOD
        for text, grade in zip(row["response"], row["recorded_grade"], strict=True)
    ]
    listed, single = imported(GOOD), imported(flat)
    assert all(a.equals(b) for a, b in zip(listed, single, strict=True))


def test_sample_indices_and_problem_ids_of_the_file_are_kept():
    columns = {"problem_id": "pid", "sample_index": "k"}
    values = [
        {"pid": 7, "problem": "1+1?", "gold": 2.0, "response": "b", "k": 1},
        {"pid": 7, "problem": "1+1?", "gold": 2.0, "response": "a", "k": 0},
    ]
    _, responses = imported(values, columns)
    assert responses["text"].to_list() == ["a", "b"]
    with pytest.raises(StageError, match=r"line 3: sample 0 of problem '7' stands twice"):
        imported([*values, values[1]], columns)


def test_finish_reasons_tokens_and_seeds_are_kept():
    values = [
        {"problem": "?", "gold": 1, "response": ["1", None], "seed": 5,
         "finish_reason": ["length", None], "n_tokens": [3, None]}
    ]  # fmt: skip
    _, responses = imported(values)
    assert responses["finish_reason"].to_list() == ["length", "missing"]
    assert responses["n_tokens"].to_list() == [3, None]
    assert responses["seed"].to_list() == [5, 5]


def test_several_models_keep_the_problems_that_all_of_them_answered():
    """Prompts differ by model, ids do not; one problem has too few samples, one a single model."""
    folder = Path("runs")
    for model, rest in (("base", ["a", "b", "c"]), ("rl", ["b", "a", "d"])):
        (folder / model).mkdir(parents=True)
        values = [
            {"problem_id": name, "problem": f"{model}: {name}?", "gold": 2,
             "response": ["2"] * (1 if (model, name) == ("rl", "b") else 3)}
            for name in rest
        ]  # fmt: skip
        write(values, folder / model / "s0.jsonl")
    models = {name: {"files": [f"{name}/*.jsonl"]} for name in ("base", "rl")}
    import_.run(job(folder, models=models))
    assert PROBLEMS.read(paths.problems("t", "qwen")).height == 2
    sizes = {
        model: RESPONSES.read(paths.model("t", "qwen") / model / "responses.parquet").height
        for model in models
    }
    assert sizes == {"base": 6, "rl": 4}
    import_.run(job(folder, models=models, min_n=2))
    assert PROBLEMS.read(paths.problems("t", "qwen"))["source"].to_list() == ["imported: a"]


def test_files_of_a_draw_go_on_in_natural_order():
    Path("runs").mkdir()
    for seed in (0, 2, 10):
        write([{"problem": "?", "gold": 1, "response": str(seed)}], f"runs/s{seed}.jsonl")
    import_.run(job("runs"))
    responses = RESPONSES.read(paths.model("t", "qwen") / "responses.parquet")
    assert responses.sort("sample_index")["text"].to_list() == ["0", "2", "10"]


def test_right_answers_may_lie_in_a_file_of_their_own():
    Path("runs").mkdir()
    write([{"id": 3, "problem": "1+1?", "gold": "2"}], "runs/problems.jsonl")
    write([{"problem_id": 3, "response": "2"}], "runs/samples.jsonl")
    import_.run(job("runs", {"problem_id": "problem_id"}, problems="problems.jsonl"))
    problems = PROBLEMS.read(paths.problems("t", "qwen"))
    assert problems.select("question", "answer").row(0) == ("1+1?", "2")


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
        ({"gold": None}, "problem '2+2?' has no right answer"),
        ({"gold": float("nan")}, "line 2: gold answer is nan"),
        ({"gold": " "}, "line 2: problem '2+2?' has no right answer"),
        ({"problem": None}, "line 2: nothing tells which problem it answers"),
        ({"problem": 4}, "line 2: question is 4"),
        ({"response": ["4", 5]}, "line 2: response 1 is 5; expected text"),
        ({"response": []}, "line 2: 2 entries in 'recorded_grade', but 1 responses"),
        ({"recorded_grade": [True]}, "line 2: 1 entries in 'recorded_grade', but 2"),
        ({"recorded_grade": [True, "maybe"]}, "line 2: recorded grade is 'maybe'"),
        ({"recorded_grade": [True, 0.7]}, "--grade-from SCORE"),
        ({"problem": "1+1?"}, "line 2: problem '1+1?' has the right answer '4', and '2' in"),
    ],
)
def test_bad_rows_are_named(change, message):
    with pytest.raises(StageError) as caught:
        imported([GOOD[0], GOOD[1] | change])
    assert message in str(caught.value)


def test_a_missing_column_is_named_with_those_there_are():
    with pytest.raises(StageError, match=r"no response at 'answers'; the row has gold, problem"):
        imported([{"problem": "?", "gold": "1", "response": "1"}], {"response": "answers"})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.jsonl",
            b'{"problem": "1", "gold": 1, "response": "1"}\n{"problem": \n',
            "a.jsonl, line 2: not valid JSON",
        ),
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
    nothing = set(SAMPLES.columns) - set(responses.columns) - {"draw", "set"}
    frame = responses.with_columns(
        draw=pl.lit(draw),
        set=pl.lit(name),
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
