"""Files of samples of every tool: recognised from what they hold, read right, damage named."""

import gzip
import json
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from tests.conftest import ROOT
from typer.testing import CliRunner

from passk.cli.app import application
from passk.core import json_rows, rows
from passk.core.rows import RecordedError, Row
from passk.domains.code.sandbox.values import encode
from passk.domains.code.test_cases import Tests
from passk.logs import normal_file, reader
from passk.logs.format import FORMATS
from passk.logs.reader import LogReading, LogSummary, expand, read, recognise

DATA = Path(__file__).parent / "data" / "logs"
ONE, SIX = "What is 1 + 1?", "What is 6 * 7?"
TWO, SEVEN = r"It is \boxed{2}.", r"It is \boxed{7}."


def samples(*names, summary=None, **reading):
    paths = expand([DATA / name for name in names])
    return list(read(paths, LogReading(**reading), summary))


def summary_of(*names, **reading):
    summary = LogSummary()
    samples(*names, summary=summary, **reading)
    return summary


# Format, file, and of all its samples: problem, text, grade, how it ended.
READ = {
    "lm-eval/samples_minerva_math_2025-03-01T10-00-00.123456.jsonl": (
        "lm-eval",
        [
            ("0", 2, None, "unknown"),
            ("0", 7, None, "unknown"),
            ("1", 42, None, "unknown"),
            ("1", 42, None, "unknown"),
        ],
    ),
    "lm-eval/repeats.jsonl": (
        "lm-eval",
        [
            ("0", 2, True, "unknown"),
            ("0", 7, False, "unknown"),
            ("1", 42, True, "unknown"),
            ("1", 42, True, "unknown"),
        ],
    ),
    "lm-eval/of_2024.jsonl": ("lm-eval", [("0", 2, True, "unknown"), ("1", 42, True, "unknown")]),
    "lighteval/details_math_500_2026-01-01.parquet": (
        "lighteval",
        [("1", 42, None, "unknown"), ("1", 7, None, "unknown"), ("2", 42, True, "unknown")],
    ),
    "lighteval/underscored.parquet": (
        "lighteval",
        [("1", 42, None, "unknown"), ("1", 7, None, "unknown"), ("2", 42, True, "unknown")],
    ),
    "lighteval/flat.parquet": (
        "lighteval",
        [(ONE, 2, False, "unknown"), (SIX, 42, True, "unknown")],
    ),
    "inspect/zstd.eval": (
        "inspect",
        [
            ("p0", 2, True, "stop"),
            ("p0", 7, False, "length"),
            ("p1", 42, None, "stop"),
            ("p1", None, False, "unknown"),
        ],
    ),
    "inspect/log.json": (
        "inspect",
        [
            ("p0", 2, True, "stop"),
            ("p0", 7, False, "length"),
            ("p1", 42, None, "stop"),
            ("p1", None, False, "unknown"),
        ],
    ),
    "inspect/2024.json": ("inspect", [("1", "Hello", False, "length")]),
    "nemo-skills/output-rs2.jsonl": (
        "nemo-skills",
        [(ONE, 2, True, "stop"), (SIX, 7, False, "length")],
    ),
    "nemo-skills/judged.jsonl": (
        "nemo-skills",
        [(ONE, 2, True, "stop"), (SIX, 42, False, "stop")],
    ),
    "verl-dump/20.jsonl": (
        "verl-dump",
        [
            (ONE, 2, True, "unknown"),
            (ONE, 7, False, "unknown"),
            (SIX, 42, True, "unknown"),
            (SIX, 7, False, "unknown"),
        ],
    ),
    "verl-dump/with_acc.jsonl": (
        "verl-dump",
        [(ONE, 2, True, "unknown"), (ONE, 7, False, "unknown")],
    ),
    "verl-generation/responses.parquet": (
        "verl-generation",
        [
            ("0", 2, None, "unknown"),
            ("0", 7, None, "unknown"),
            ("0", "", None, "unknown"),
            ("0", 42, None, "unknown"),
            ("0", 7, None, "unknown"),
            ("0", "", None, "unknown"),
        ],
    ),
    "trl/completions_00005.parquet": (
        "trl",
        [
            (ONE, 2, True, "unknown"),
            (ONE, 7, False, "unknown"),
            (SIX, 42, None, "unknown"),
            (SIX, 42, True, "unknown"),
        ],
    ),
    "trl/messages.parquet": ("trl", [(ONE, 2, None, "unknown")]),
    "batch/output.jsonl": (
        "batch",
        [
            ("p0", 7, None, "length"),
            ("p0", 2, None, "stop"),
            ("p1", None, None, "unknown"),
            ("p1", 42, None, "stop"),
        ],
    ),
    "batch/choices.jsonl": ("batch", [("p0", 2, None, "stop"), ("p0", 7, None, "stop")]),
    "batch/responses_api.jsonl": ("batch", [("p0", 2, None, "length")]),
    "batch/anthropic.jsonl": ("batch", [("p0", 2, None, "stop"), ("p1", None, None, "unknown")]),
    "verifiers/results.jsonl": (
        "verifiers",
        [("0", 2, True, "stop"), ("0", 7, False, "length"), ("1", 42, True, "stop")],
    ),
    "list-columns/openr1.parquet": (
        "list-columns",
        [
            ("u0", 2, True, "stop"),
            ("u0", 7, False, "length"),
            ("u1", 42, None, "stop"),
            ("u1", 7, None, "length"),
        ],
    ),
    "list-columns/evalchemy.json": (
        "list-columns",
        [
            ("0", 2, None, "unknown"),
            ("0", 7, None, "unknown"),
            ("1", 42, None, "unknown"),
            ("1", 7, None, "unknown"),
        ],
    ),
    "list-columns/monkeys.parquet": (
        "list-columns",
        [("3", 2, True, "unknown"), ("3", 7, False, "unknown"), ("3", 2, True, "unknown")],
    ),
    "every-eval-ever/samples.jsonl": (
        "every-eval-ever",
        [("s0", 2, True, "unknown"), ("s1", 42, True, "unknown"), ("s0", 2, True, "unknown")],
    ),
    "every-eval-ever/demo.jsonl": (
        "every-eval-ever",
        [("demo_0001", "The answer is 4.", True, "unknown")],
    ),
    "mathvista/output_model.json": (
        "mathvista",
        [("0", "2", True, "unknown"), ("1", "42", False, "unknown"), ("2", None, None, "unknown")],
    ),
    "vlmevalkit/model_MathVista.xlsx": (
        "vlmevalkit",
        [
            ("0", "It is 2.", True, "unknown"),
            ("1", "It is 7.", False, "unknown"),
            ("2", None, None, "unknown"),
        ],
    ),
    "evalplus/completions.jsonl": (
        "evalplus",
        [("HumanEval/0", "    return x", None, "unknown")],
    ),
    "livecodebench/Scenario.codegeneration_2_0.2_eval_all.json": (
        "livecodebench",
        [("1873_A", "print(1)", True, "unknown"), ("1873_A", "", False, "unknown")],
    ),
    "plain/samples.jsonl": (
        "plain",
        [
            (ONE, 2, None, "stop"),
            (ONE, 7, None, "length"),
            (ONE, None, None, "stop"),
            (SIX, 42, None, "stop"),
            (SIX, 7, None, "length"),
            (SIX, None, None, "stop"),
        ],
    ),
}


def boxed(answer):
    return rf"It is \boxed{{{answer}}}." if isinstance(answer, int) else answer


@pytest.mark.parametrize("name", READ)
def test_a_file_is_recognised_and_its_samples_are_read(name, tmp_path):
    format_name, expected = READ[name]
    # by what it holds, and not by its name
    copy = tmp_path / f"x{Path(name).suffix}"
    shutil.copy(DATA / name, copy)
    assert recognise(copy)[0] == format_name
    drawn = samples(name)
    assert [(s.problem, s.text, s.grade, s.finish) for s in drawn] == [
        (problem, boxed(answer), grade, end) for problem, answer, grade, end in expected
    ]
    assert all(sample.place.startswith(str(DATA / name)) for sample in drawn)


ADD = Tests("f", (encode([]),), (encode(0),)).dump()


@pytest.mark.parametrize("name", READ)
def test_every_format_is_judged_as_it_is(name, tmp_path, monkeypatch):
    """By `passk judge FILE`: with what it states of math, else beside a table of problems."""
    monkeypatch.chdir(tmp_path)
    format_name, expected = READ[name]
    domain = FORMATS[format_name].domain
    needs = domain != "math" or any(not sample.references for sample in samples(name))
    rows = [
        {"problem_id": problem, "question": problem, "answer": 2, "answer_type": "integer"}
        | ({"tests": ADD} if domain == "code" else {})
        for problem in dict.fromkeys(row[0] for row in expected)
    ]
    Path("p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    more = ["--problems", "p.jsonl"] if needs else []
    more += ["--domain", domain, "--missing", "unknown", "--out", "v.parquet"]
    done = CliRunner().invoke(application(), ["judge", str(DATA / name), *more])
    assert done.exit_code == 0, done.output
    judged = pl.read_parquet("v.parquet")
    assert judged.height == len(expected)
    assert judged.filter(pl.col("reason") == "no response").height == sum(
        text is None for _, text, _, _ in expected
    )
    assert f"({format_name})" in done.output or format_name == "plain"
    ids = {str(problem) for problem, _, _, _ in expected}
    assert set(judged["problem_id"]) == ids or not needs


@pytest.mark.parametrize("name", READ)
def test_what_was_read_is_the_same_once_imported(name, tmp_path):
    drawn = samples(name)
    normal_file.write(drawn, tmp_path / "out.parquet")
    assert recognise(tmp_path / "out.parquet")[0] == "normal"
    again = list(read([tmp_path / "out.parquet"], LogReading()))
    assert [s._replace(place="") for s in again] == [s._replace(place="") for s in drawn]


def test_every_format_has_a_file():
    folders = {path.name for path in DATA.iterdir() if path.is_dir()} - {"batch-problems"}
    assert folders == set(FORMATS) - {"normal"}


def test_every_format_is_documented():
    table = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    names = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert names - {"--as"} == set(FORMATS)


QUESTIONS = [
    ("lm-eval/repeats.jsonl", ONE, ("2",)),
    ("lighteval/flat.parquet", ONE, ("2",)),
    ("lighteval/details_math_500_2026-01-01.parquet", SIX, ("42",)),
    ("inspect/zstd.eval", ONE, ("2", "two")),
    ("inspect/2024.json", "Just reply with Hello World", ("Hello World",)),
    ("nemo-skills/output-rs2.jsonl", ONE, ("2",)),
    ("livecodebench/Scenario.codegeneration_2_0.2_eval_all.json", "Add two numbers.", ()),
    ("opencompass/gsm8k_0.json", ONE, ("2",)),
    ("opencompass/gsm8k_1.json", "Question: What is 3 + 3?\nAnswer:", ("6",)),
    ("qwen-math/aime24/*.jsonl", ONE, ("2",)),
    ("verl-dump/20.jsonl", ONE, ("2",)),
    ("verl-generation/responses.parquet", f"{ONE} Put it in a box.", ("2",)),
    ("trl/completions_00005.parquet", ONE, ()),
    ("trl/messages.parquet", ONE, ("2",)),
    ("batch/output.jsonl", None, ()),
    ("verifiers/results.jsonl", ONE, ("2",)),
    ("list-columns/openr1.parquet", ONE, ("2",)),
    ("list-columns/monkeys.parquet", ONE, (r"\frac{4}{2}",)),
    ("every-eval-ever/samples.jsonl", ONE, ("2", "two")),
    ("mathvista/output_model.json", ONE, ("2",)),
    ("vlmevalkit/model_MathVista.xlsx", ONE, ("2",)),
    ("evalplus/samples.jsonl", None, ()),
    ("plain/samples.jsonl", ONE, ("2",)),
]


@pytest.mark.parametrize(("name", "question", "references"), QUESTIONS)
def test_what_is_asked_and_what_is_right(name, question, references):
    first = samples(name)[0]
    assert (first.question, first.references) == (question, references)


def test_programs_and_completions_are_said_to_be_what_they_are():
    holds = {
        name: {s.holds for s in samples(name)}
        for name in (
            "evalplus/samples.jsonl", "evalplus/completions.jsonl", "evalplus/folder",
            "evalplus-results/samples_eval_results.json", "livecodebench/*.json",
            "qwen-math/aime24/*.jsonl",
        )
    }  # fmt: skip
    assert list(holds.values()) == [
        {"program"}, {"completion"}, {"program"}, {"program"}, {"program"}, {"response"},
    ]  # fmt: skip
    whole = samples("livecodebench/*.json", fields={"response": "output_list"})
    assert [(s.holds, s.text) for s in whole][1] == ("response", "no program")


def test_lm_eval_reads_one_filter_and_the_answers_that_were_written_as_text():
    name = "lm-eval/samples_minerva_math_2025-03-01T10-00-00.123456.jsonl"
    summary = summary_of(name)
    assert (summary.rows, summary.rescored, summary.columns["scorer"]) == (4, 2, "strict")
    flexible = summary_of(name, where={"filter": "flexible"})
    assert (flexible.left_out, flexible.rescored, flexible.columns["scorer"]) == (2, 0, "flexible")
    assert {s.set for s in samples(name)} == {"minerva_math"}
    gsm8k, several = samples("lm-eval/targets.jsonl")
    assert (gsm8k.references, several.references) == (("42",), ("Paris", "paris"))
    with pytest.raises(RecordedError, match=r"line 1: .* no generated text.*log-likelihood"):
        samples("lm-eval/multiple_choice.jsonl")


def test_inspect_logs_of_2024_have_no_completion_and_are_read_by_their_message():
    drawn = samples("inspect/2024.eval")
    assert [(s.problem, s.number) for s in drawn] == [("1", 0), ("1", 1), ("2", 0), ("2", 1)]
    assert {s.text for s in drawn} <= {"Yes.", "No", "No."}


def test_seeds_follow_each_other_and_chunks_that_were_joined_are_left_out():
    skipped = []
    paths = expand([DATA / "nemo-skills" / "output*.jsonl"], skipped)
    assert [path.name for path in paths] == ["output-rs2.jsonl", "output-rs10.jsonl"]
    assert len(skipped) == 4
    drawn = [s for s in read(paths, LogReading()) if s.problem == ONE]
    assert [(s.seed, s.number) for s in drawn] == [(2, 0), (10, 1)]
    chunks = expand([DATA / "nemo-skills" / "output-rs2_chunk_*.jsonl"])
    assert {s.seed for s in read(chunks, LogReading())} == {2}


def test_a_folder_is_read_without_the_tools_other_files():
    skipped = []
    paths = expand([DATA / "nemo-skills"], skipped)
    assert "metrics.json" in {path.name for path in skipped}
    assert "metrics.json" not in {path.name for path in paths}


def test_a_folder_of_benchmarks_tells_sets_and_seeds():
    drawn = samples("qwen-math")
    assert {(s.set, s.seed) for s in drawn} == {("math500", 0), ("math500", 1), ("aime24", 0)}
    numbers = [s.number for s in drawn if (s.set, s.problem) == ("math500", "1")]
    assert numbers == [0, 1, 2, 3]
    assert [s.finish for s in drawn[:2]] == ["stop", "length"]


def test_opencompass_shards_repeats_and_rounds():
    drawn = samples("opencompass/gsm8k_0.json", "opencompass/gsm8k_1.json")
    assert [(s.set, s.problem) for s in drawn] == [
        ("gsm8k", "gsm8k_0:0"), ("gsm8k", "gsm8k_0:1"), ("gsm8k", "gsm8k_0:1"),
        ("gsm8k", "gsm8k_1:0"), ("gsm8k", "gsm8k_1:0"),
    ]  # fmt: skip
    assert [s.number for s in samples("opencompass/repeated.json")] == [0, 1, 0, 1]
    with pytest.raises(RecordedError, match=r"rounds.json, entry '0': a dialogue of 2 rounds"):
        samples("opencompass/rounds.json")


def test_checkpoints_are_not_mixed():
    with pytest.raises(RecordedError, match=r"40.jsonl, line 1: step = 40, and 20 in .*20.jsonl"):
        samples("verl-dump/20.jsonl", "verl-dump/40.jsonl")
    drawn = samples("verl-dump/20.jsonl", "verl-dump/40.jsonl", where={"step": "20"})
    assert {s.step for s in drawn} == {20}


def test_evalplus_grades_need_base_and_plus():
    drawn = samples("evalplus-results/samples_eval_results.json")
    assert [(s.problem, s.grade) for s in drawn] == [
        ("HumanEval/0", True), ("HumanEval/0", False), ("HumanEval/1", True),
    ]  # fmt: skip
    folder = samples("evalplus/folder")
    assert [Path(s.place).name for s in folder] == ["0.py", "2.py", "10.py"]
    assert {s.problem for s in folder} == {"HumanEval/0"}
    with pytest.raises(RecordedError, match=r"of_2023.json, HumanEval/0: .* give the file of samp"):
        samples("evalplus-results/of_2023.json")


def test_rows_with_an_error_are_counted_and_are_no_samples():
    for name in ("verifiers/results.jsonl", "every-eval-ever/samples.jsonl"):
        assert summary_of(name).errors == 1


# A file, how it is damaged, and what the message says beside the file's name.
def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def without(column):
    def damage(path):
        if path.suffix == ".parquet":
            pl.read_parquet(path).drop(column).write_parquet(path)
        else:
            lines = [json.loads(line) for line in path.read_text().splitlines()]
            lines[-1].pop(column)
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    return damage


def with_(column, value):
    def damage(path):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        lines[-1][column] = value
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    return damage


def within_json(change):
    def damage(path):
        values = json.loads(path.read_text())
        change(values)
        path.write_text(json.dumps(values))

    return damage


DAMAGED = [
    ("lm-eval/repeats.jsonl", cut, "line 2: not valid JSON"),
    ("lm-eval/repeats.jsonl", with_("resps", 3), "line 2: `resps` is no list of responses"),
    ("lm-eval/repeats.jsonl", with_("resps", []), "line 2: `resps` is no list of responses"),
    ("lighteval/flat.parquet", cut, "not a readable Parquet file"),
    ("lighteval/details_math_500_2026-01-01.parquet", without("doc"), "nothing tells which"),
    ("inspect/zstd.eval", cut, "damaged, or no log of Inspect"),
    ("inspect/log.json", cut, "not valid JSON"),
    ("inspect/log.json", within_json(lambda log: log.update(samples=[])), "holds no sample"),
    ("nemo-skills/output-rs2.jsonl", cut, "line 2: not valid JSON"),
    ("nemo-skills/output-rs2.jsonl", without("generation"), "line 2: no response at 'generation'"),
    ("nemo-skills/output-rs2.jsonl", with_("generation", 7), "line 2: response 0 is 7; expected"),
    ("evalplus/samples.jsonl", without("solution"), "line 3: no response at 'completion'"),
    ("evalplus/samples.jsonl", without("task_id"), "line 3: nothing tells which problem"),
    ("evalplus-results/samples_eval_results.json", cut, "not valid JSON"),
    ("livecodebench/*.json", within_json(lambda rows: rows[0]["graded_list"].pop()),
     "entry 1: 1 entries in 'graded_list', but 2 responses"),
    ("opencompass/gsm8k_0.json", cut, "not valid JSON"),
    ("opencompass/gsm8k_0.json", within_json(lambda rows: rows["1"].update(prediction=1)),
     "entry '1': response 0 is 1"),
    ("opencompass/gsm8k_0.json", within_json(lambda rows: rows["1"].pop("origin_prompt")),
     "entry '1': `origin_prompt` is no text"),
    ("qwen-math/aime24/*.jsonl", with_("score", [True]), "line 2: 1 entries in 'score', but 2"),
    ("qwen-math/aime24/*.jsonl", with_("finish_reason", ["stop"]), "1 entries in 'finish_reason'"),
    ("qwen-math/aime24/*.jsonl", without("code"), "line 2: no response at 'code'"),
    ("verl-dump/20.jsonl", with_("score", "high"), "line 4: recorded grade is 'high'"),
    ("verl-dump/20.jsonl", without("output"), "line 4: no response at 'output'"),
    ("verl-generation/responses.parquet", cut, "not a readable Parquet file"),
    ("trl/completions_00005.parquet", cut, "not a readable Parquet file"),
    ("batch/output.jsonl", with_("custom_id", None), "line 4: `custom_id` is None"),
    ("batch/output.jsonl", with_("custom_id", "p0-sample-0"), "line 4: sample 0 of problem 'p0'"),
    ("list-columns/openr1.parquet", cut, "not a readable Parquet file"),
    ("every-eval-ever/samples.jsonl", with_("model_id", "org/other"), "line 6: model_id = 'org/o"),
    ("mathvista/output_model.json", within_json(lambda rows: rows["1"].pop("response")),
     "entry '1': no response at 'response'"),
    ("vlmevalkit/model_MathVista.xlsx", cut, "not a readable Excel file"),
    ("plain/samples.jsonl", without("response"), "line 6: no response at any usual name"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "damage", "message"), DAMAGED)
def test_damage_is_named_in_a_line(name, damage, message, tmp_path):
    (source,) = expand([DATA / name])
    copy = tmp_path / source.name
    shutil.copy(source, copy)
    damage(copy)
    with pytest.raises(RecordedError) as error:
        list(read([copy], LogReading()))
    assert message in str(error.value)
    assert str(error.value).startswith(str(copy))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["inspect/log.json", "evalplus-results/samples_eval_results.json"])
def test_other_containers_are_read_compressed_too(name, tmp_path):
    copy = tmp_path / "x.json.gz"
    copy.write_bytes(gzip.compress((DATA / name).read_bytes()))
    assert len(list(read([copy], LogReading()))) == len(samples(name))


@pytest.mark.parametrize("name", ["inspect/log.json", "evalplus-results/samples_eval_results.json"])
def test_other_containers_larger_than_memory_are_recognised(name, monkeypatch):
    drawn = samples(name)
    monkeypatch.setattr(json_rows, "_WHOLE", 100)
    assert recognise(DATA / name)[0] == name.split("/")[0]
    assert samples(name) == drawn


def test_a_row_group_of_long_rows_is_read_in_small_batches(tmp_path, monkeypatch):
    path = tmp_path / "long.parquet"
    table = pl.DataFrame(
        {"problem": ["a"] * 64, "response": ["x" * 4000 + str(i) for i in range(64)]}
    )
    table.write_parquet(path, row_group_size=64, use_pyarrow=True)
    monkeypatch.setattr(rows, "_BATCH_BYTES", 40_000)
    assert rows._batch_size(pq.ParquetFile(path).metadata) <= 10
    assert len(rows.read_rows(path)) == 64


SHAPES = [None, 3, -1.5, True, "x", "", [], {}, [None], [3], ["a"], {"a": 1}, [[1]], float("nan")]


def changed(value, shape):
    """Every copy of a value in which one entry, at any depth, has another shape or is gone."""
    keys = list(value) if isinstance(value, dict) else range(min(len(value), 2))
    for key in keys:
        copy = dict(value) if isinstance(value, dict) else list(value)
        copy[key] = shape
        yield copy
        if isinstance(value, dict):
            yield {name: inner for name, inner in value.items() if name != key}
        if isinstance(value[key], dict | list):
            for inner in changed(value[key], shape):
                copy = dict(value) if isinstance(value, dict) else list(value)
                copy[key] = inner
                yield copy


@pytest.mark.parametrize("name", READ)
def test_a_row_of_another_shape_is_read_or_named(name, monkeypatch):
    (path,) = expand([DATA / name])
    format_name, log_format = recognise(path)
    first = next(iter(log_format.rows(path)))
    messages = []
    for number, shape in enumerate(SHAPES):
        variants = list(changed(first.values, shape))[number % 3 :: 3]
        for values in variants:
            row = Row("here", values)
            one = replace(log_format, rows=lambda _path, row=row: iter([row]))
            monkeypatch.setattr(reader, "recognise", lambda *_, one=one: (format_name, one))
            try:
                list(read([path], LogReading()))
            except RecordedError as error:
                messages.append(str(error))
    assert messages
    assert not [message for message in messages if "\n" in message]


@pytest.mark.parametrize("name", FORMATS)
def test_files_of_another_format_are_refused_in_a_line_or_read(name):
    messages = []
    for other in READ:
        try:
            samples(other, format=name)
        except RecordedError as error:
            messages.append(str(error))
    assert len(messages) > 5
    assert not [message for message in messages if "\n" in message]
