"""A table of one's own becomes problems of any domain, by columns that the parameters name."""

import base64
import json
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from passk.config import paths
from passk.core.images import normalize
from passk.core.schemas.problems import PROBLEMS
from passk.data.benchmark_settings import Benchmark
from passk.domains.code.sandbox.values import encode
from passk.domains.code.test_cases import Tests
from passk.pipeline.identity.usage import USES
from passk.pipeline.stages import benchmark
from passk.pipeline.stages.job import Job, StageError


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(path, columns, domain="math", **more):
    entry = {"path": str(path), "columns": columns, "domain": domain, "isolation": "subprocess"}
    job = Job("benchmark", "mine", {"study": "t", "benchmarks": {"mine": {**entry, **more}}}, "")
    benchmark.run(job)
    return PROBLEMS.read(paths.problems("t", "mine")).rows(named=True)


def write_lines(path, *rows):
    Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_math_of_json_lines():
    write_lines(
        "mine.jsonl",
        {"uid": "a", "q": "1 + 1?", "meta": {"gold": 2.0, "level": 3, "topics": ["sum", "easy"]}},
        {"uid": "b", "q": "1/2?", "meta": {"gold": r"\frac{1}{2}", "level": None, "topics": []}},
    )
    columns = {"question": "q", "answer": "meta.gold", "id": "uid",
               "tags": ["meta.level", "meta.topics"]}  # fmt: skip
    first, second = run("mine.jsonl", columns)
    assert (first["question"], first["answer"], first["answer_type"]) == ("1 + 1?", "2", "integer")
    assert (first["tags"], second["tags"]) == (["3", "sum", "easy"], [])
    assert (second["answer_type"], second["source"]) == ("expression", "mine.jsonl: b")


def test_parquet_of_chat_messages_as_verl_has_them():
    rows = [
        {
            "prompt": [{"role": "system", "content": "x"}, {"role": "user", "content": "2 + 2?"}],
            "reward_model": {"style": "rule", "ground_truth": "4"},
            "extra_info": {"index": 7, "split": "train"},
        }
    ]
    pl.DataFrame(rows).write_parquet("train.parquet")
    columns = {
        "question": "prompt",
        "answer": "reward_model.ground_truth",
        "id": "extra_info.index",
    }
    (one,) = run("train.parquet", columns)
    assert (one["question"], one["answer"], one["source"]) == ("2 + 2?", "4", "train.parquet: 7")


def test_answers_within_solutions():
    write_lines("mine.jsonl", {"q": "How many?", "a": "3 + 4 = 7\n#### 7"})
    assert run("mine.jsonl", {"question": "q", "answer": "a", "take": "after-hashes"})[0][
        "answer"
    ] == "7"  # fmt: skip


@pytest.mark.parametrize(
    ("tests", "inputs", "entry"),
    [
        ({"inputs": ["1\n"], "outputs": ["2\n"]}, ("1\n",), None),
        (json.dumps({"inputs": ["1\n"], "outputs": ["2\n"]}), ("1\n",), None),
        ([{"input": "1\n", "output": "2\n"}], ("1\n",), None),
        ({"inputs": [[1]], "outputs": [2], "fn_name": "double"}, (encode([1]),), "double"),
    ],
)
def test_programs_with_tests(tests, inputs, entry):
    write_lines("mine.jsonl", {"q": "Double it.", "t": tests}, {"q": "Undo it.", "t": None})
    first, second = run("mine.jsonl", {"question": "q", "tests": "t"}, "code")
    read = Tests.load(first["tests"])
    assert (read.inputs, read.entry, first["answer_type"]) == (inputs, entry, "program")
    assert second["tests"] is None
    assert second["tags"] == ["no-tests"]


def test_images_and_choices(tmp_path):
    from PIL import Image

    (tmp_path / "images").mkdir()
    Image.new("RGB", (8, 8), "red").save("images/1.png")
    data = base64.b64encode(Path("images/1.png").read_bytes()).decode()
    write_lines(
        "mine.jsonl",
        {"q": "Which colour?", "a": "red", "c": ["red", "blue"], "img": "1.png"},
        {"q": "How many?", "a": 1, "c": None, "img": data},
    )
    columns = {"question": "q", "answer": "a", "choices": "c", "image": "img"}
    first, second = run("mine.jsonl", columns, "visual", images="images", images_sha256="any")
    assert first["question"] == "Which colour?\n(A) red\n(B) blue"
    assert first["choices"] == ["red", "blue"]
    assert (
        first["image"]
        == second["image"]
        == normalize(Path("images/1.png").read_bytes(), "x").digest
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"a": "1"}, r"mine\.jsonl, line 1: no column 'q'; found \['a'\]; see `columns`"),
        ({"q": None, "a": "1"}, "'q' is null"),
        ({"q": "  ", "a": "1"}, "expected a text that asks something"),
        ({"q": "x", "a": ""}, "gold answer is empty"),
        ({"q": "x", "a": "1", "d": "soon"}, "expected YYYY-MM-DD"),
    ],
)
def test_a_row_that_lacks_something_is_named(row, message):
    write_lines("mine.jsonl", row)
    with pytest.raises(StageError, match=message):
        run("mine.jsonl", {"question": "q", "answer": "a", "date": "d"})


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "needs either source"),
        ({"source": "gsm8k", "columns": {"question": "q", "answer": "a"}}, "needs either source"),
        ({"columns": {"question": "q", "answer": "a"}}, "goes with `columns`"),
        ({"source": "gsm8k", "domain": "math"}, "goes with `columns`"),
        ({"columns": {"question": "q", "answer": "a"}, "domain": "maths"}, "did you mean 'math'"),
        ({"columns": {"question": "q"}, "domain": "math"}, "neither answer nor tests"),
    ],
)
def test_entries_that_describe_nothing_are_refused(entry, message):
    with pytest.raises(ValidationError, match=message):
        Benchmark.model_validate({"path": "x.jsonl", **entry})


def test_what_a_table_of_ones_own_uses():
    entry = Benchmark.model_validate(
        {"path": "x.jsonl", "columns": {"question": "q", "answer": "a"}, "domain": "math"}
    )
    used = map(str, USES["benchmark"]({"benchmarks": {"mine": entry.model_dump()}}, "mine"))
    assert list(used) == ["reader.columns", "domain.math"]
    joined = Benchmark.model_validate({"path": "x", "source": "gsm8k_math_train"})
    used = map(str, USES["benchmark"]({"benchmarks": {"mine": joined.model_dump()}}, "mine"))
    assert list(used) == [
        "source.gsm8k_math_train", "source.gsm8k_train", "source.math_train", "reader.math_sets",
        "domain.math",
    ]  # fmt: skip
