"""What holds for files of samples of any tool: paths, draws, grades, ends, ambiguity, memory."""

import bz2
import gzip
import io
import json
import lzma
import subprocess
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from passk.cli.app import application
from passk.core import json_rows
from passk.core.json_stream import JsonStream
from passk.core.rows import RecordedError, read_rows
from passk.data.recorded_values import answer_of, grade, matches, references
from passk.data.usual_columns import AmbiguousColumnError
from passk.data.value_paths import lookup
from passk.logs import stops
from passk.logs.alignment import align
from passk.logs.reader import LogReading, LogSummary, expand, read
from passk.logs.side import gather
from passk.logs.stated_problems import read_problems, state

ROW = {"problem": "1 + 1?", "answer": "2", "response": r"It is \boxed{2}."}


def lines(path, *values):
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return path


def samples(*paths, summary=None, **reading):
    return list(read(expand(paths), LogReading(**reading), summary))


# paths


def test_paths_reach_nested_values_and_chat_messages(tmp_path):
    chat = [{"role": "user", "content": "1 + 1?"}, {"role": "assistant", "content": "2"}]
    path = lines(
        tmp_path / "a.jsonl",
        {"doc": {"q": "1 + 1?", "a": 2}, "rollouts": [{"text": "2"}, {"text": "3"}]},
    )
    fields = {"question": "doc.q", "reference": "doc.a", "response": "rollouts[].text"}
    drawn = samples(path, fields=fields)
    assert [(s.question, s.references, s.text) for s in drawn] == [
        ("1 + 1?", ("2",), "2"),
        ("1 + 1?", ("2",), "3"),
    ]
    dialogue = lines(tmp_path / "b.jsonl", {"messages": chat, "answer": "2"})
    (sample,) = samples(dialogue)
    assert (sample.question, sample.text) == ("1 + 1?", "2")
    one = lines(tmp_path / "c.jsonl", ROW | {"response": chat[1]})
    assert samples(one)[0].text == "2"


def test_a_whole_key_that_holds_dots_wins():
    row = {"a.b": 1, "a": {"b": 2, "c": [3, 4]}, "x.y": {"z": 5}}
    assert (lookup(row, "a.b"), lookup(row, "a.c[-1]"), lookup(row, "x.y.z")) == (1, 4, 5)


def test_a_named_column_that_no_row_has_is_an_error(tmp_path):
    path = lines(tmp_path / "a.jsonl", ROW)
    with pytest.raises(RecordedError, match=r"a.jsonl: no row has 'scor', .* the recorded grade"):
        samples(path, fields={"grade": "scor"})


# usual names


def test_columns_that_differ_are_asked_about(tmp_path):
    path = lines(tmp_path / "a.jsonl", ROW, ROW | {"gt": "3"})
    with pytest.raises(
        AmbiguousColumnError, match=r"line 2: the gold answer may be 'answer'.*'gt'"
    ):
        samples(path)
    with pytest.raises(AmbiguousColumnError, match=r"--column gold=COLUMN"):
        samples(path)
    assert samples(path, fields={"reference": "answer"})[1].references == ("2",)


def test_columns_that_agree_are_one(tmp_path):
    summary = LogSummary()
    path = lines(tmp_path / "a.jsonl", ROW | {"gt": "2", "id": 7})
    (sample,) = samples(path, summary=summary)
    assert sample.problem == "7"
    assert summary.columns["reference"] == "answer"


def test_a_draw_is_of_one_model(tmp_path):
    path = lines(tmp_path / "a.jsonl", ROW | {"model": "a"}, ROW | {"model": "b"})
    with pytest.raises(RecordedError, match=r"line 2: model = 'b', and 'a' in .*--where model=b"):
        samples(path)
    assert len(samples(path, where={"model": "b"})) == 1


# grades, ends, references


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(True, "true"), (1, "1"), (1.0, "1"), ("math", "math"), (None, "null"), (False, "False")],
)
def test_where_compares_as_people_write(value, wanted):
    assert matches(value, wanted)
    assert not matches(value, f"{wanted}!")


def test_a_threshold_makes_scores_grades_and_nan_none(tmp_path):
    path = lines(tmp_path / "a.jsonl", *[ROW | {"score": s} for s in (-1, 0.1, 1.0)])
    with pytest.raises(RecordedError, match=r"line 2: recorded grade is 0.1.*--grade-from"):
        samples(path, fields={"grade": "score"})
    summary = LogSummary()
    assert [s.grade for s in samples(path, summary=summary)] == [False, None, True]
    assert summary.scores == 1  # the column was not named
    assert [s.grade for s in samples(path, grade_from=0.5)] == [False, False, True]
    assert grade(float("nan"), "here", 0.5) is None


@pytest.mark.parametrize(
    ("column", "value", "end"),
    [
        ("truncated", False, "stop"),
        ("truncated", True, "length"),
        ("is_truncated", True, "length"),
        ("is_truncated", 1, "length"),
        ("is_truncated", "1", "length"),
        ("truncated", 0.0, "stop"),
        ("truncated", "0", "stop"),
        ("truncated", "false", "stop"),
        ("finish_reason", "max_new_tokens", "length"),
        ("finish_reason", 1, "unknown"),  # Gemini's code of a stop
        ("finish_reason", "MAX_TOKENS", "length"),
        ("finish_reason", "model_length", "length"),
        ("stop_reason", "end_turn", "stop"),
        ("finish_reason", "eos_token", "stop"),
        ("finish_reason", "abort", "unknown"),
        ("finish_reason", None, "unknown"),
    ],
)
def test_how_a_response_ended(tmp_path, column, value, end):
    assert samples(lines(tmp_path / "a.jsonl", ROW | {column: value}))[0].finish == end


def test_one_value_of_several_responses_is_none_of_theirs(tmp_path):
    row = ROW | {"response": ["2", "3"], "correct": True, "finish_reason": "stop"}
    assert [(s.grade, s.finish) for s in samples(lines(tmp_path / "a.jsonl", row))] == [
        (None, "stop"),
        (None, "stop"),
    ]


def test_references_are_several_or_a_whole_solution(tmp_path):
    path = lines(tmp_path / "a.jsonl", ROW | {"answer": ["2", r"so \boxed{\frac{4}{2}}", ""]})
    assert samples(path)[0].references == ("2", r"\frac{4}{2}")
    assert references("A: 3 + 4 = <<3+4=7>>7\n#### 1,234\n", "here") == ("1,234",)
    assert answer_of(r"an open \boxed{1") == r"an open \boxed{1"


# several files, numbers, missing responses


def test_files_are_one_draw_in_natural_order_with_seeds_of_their_names(tmp_path):
    for seed in (10, 2):
        lines(tmp_path / f"seed{seed}.jsonl", ROW, ROW)
    drawn = samples(tmp_path / "*.jsonl")
    assert [(s.seed, s.number) for s in drawn] == [(2, 0), (2, 1), (10, 2), (10, 3)]
    with pytest.raises(RecordedError, match="no such file"):
        samples(tmp_path / "none*.jsonl")


def test_stated_numbers_and_numbers_by_order_do_not_meet(tmp_path):
    choices = [{"message": {"content": "2"}}, {"message": {"content": "3"}}]
    path = lines(
        tmp_path / "batch.jsonl",
        {"custom_id": "p-sample-0", "response": {"status_code": 200, "body": {"choices": choices}}},
        {"custom_id": "p-sample-1", "response": {"status_code": 500, "body": None}},
        {"custom_id": "p-sample-2", "response": {"status_code": 200, "body": {"choices": choices}}},
    )
    numbers = [s.number for s in samples(path)]
    assert len(set(numbers)) == 5
    twice = lines(tmp_path / "a.jsonl", *[ROW | {"sample_index": n} for n in (70_000, 0, 70_000)])
    with pytest.raises(RecordedError, match=r"line 3: sample 70000 .* stands twice"):
        samples(twice)


def test_null_and_empty_responses_are_counted_apart(tmp_path):
    summary = LogSummary()
    path = lines(tmp_path / "a.jsonl", *[ROW | {"response": r} for r in (None, "", " ", "2", [])])
    drawn = samples(path, summary=summary)
    assert [s.text for s in drawn] == [None, "", " ", "2", None]
    assert (summary.missing, summary.empty) == (2, 2)


def test_stop_strings_cut_and_a_cut_response_has_ended(tmp_path):
    summary = LogSummary()
    run_on = "It is 2.\nQuestion: 3 + 3?\nIt is 6."
    path = lines(tmp_path / "a.jsonl", ROW | {"response": run_on, "truncated": True}, ROW)
    drawn = samples(path, summary=summary, stop=["\nQuestion:"])
    assert [(s.text, s.finish) for s in drawn] == [
        ("It is 2.", "stop"),
        (ROW["response"], "unknown"),
    ]
    assert (summary.cut, summary.running_on, summary.truncated) == (1, 0, 0)
    samples(path, summary=summary)
    assert summary.running_on == 1


@pytest.mark.parametrize(
    ("text", "two"),
    [
        (r"\boxed{2} Then the next problem asks for 3 + 3: \boxed{6}", True),
        (r"\boxed{2} and once more, to be sure of it: \boxed{ 2 }", False),
        (r"\boxed{2}, \boxed{3}", False),
        ("It is \\boxed{2}.\nQuestion: 3+3?\n\\boxed{6}", True),
        (r"The answer is $\boxed{2}$.", False),
        ("The answer is 2.\n\nQuestion: 3 + 3?\nThe answer is 6.", True),
        ("The answer is 2. I checked it twice. The answer is 2.", False),
        ("It is 2.", False),
    ],
)
def test_two_final_answers_that_differ(text, two):
    assert stops.has_two_answers(text) is two


def test_counting_answers_takes_linear_time():
    text = r"\boxed{" * 20_000 + "answer is " * 10_000
    assert stops.has_two_answers(text) in {True, False}  # it ends


def test_a_templated_question_does_not_separate_a_pair(tmp_path):
    base = lines(tmp_path / "base.jsonl", ROW | {"id": 1, "problem": "Q: 1 + 1?\nA:"})
    tuned = lines(tmp_path / "tuned.jsonl", ROW | {"id": 1, "problem": "<user>1 + 1?"})
    alignment = align({p.stem: gather(samples(p)) for p in (base, tuned)})
    assert (len(alignment.problems), alignment.by, alignment.reworded) == (1, "id", 1)


def test_a_file_whose_name_tells_its_set_pairs_with_one_whose_name_does_not(tmp_path):
    row = {"doc_id": 0, "doc": {"problem": "1 + 1?"}, "target": "2", "resps": [["2"]]}
    named = lines(tmp_path / "samples_math_2025-01-01T00-00-00.1.jsonl", row)
    renamed = lines(tmp_path / "tuned.jsonl", row)
    alignment = align({p.stem: gather(samples(p)) for p in (named, renamed)})
    assert [problem.key for problem in alignment.problems] == [("math", "0")]


# kinds of files


PLAIN = json.dumps(ROW) + "\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", PLAIN.encode()),
        ("a.ndjson", b"\xef\xbb\xbf" + PLAIN.encode()),
        ("a.jsonl", PLAIN.encode("utf-16")),
        ("a.jsonl", PLAIN.replace("\n", "\r\n").encode()),
        ("a.jsonl", f"\n[{PLAIN}]".encode()),
        ("a.json", (PLAIN * 2).encode()),
        ("a.json", json.dumps([ROW], indent=2).encode()),
        ("a.json", json.dumps({"one": ROW}).encode()),
        ("a.jsonl", gzip.compress(PLAIN.encode(), mtime=0)),
        ("a.jsonl.gz", gzip.compress(PLAIN.encode(), mtime=0)),
        ("a.jsonl.bz2", bz2.compress(PLAIN.encode())),
        ("a.jsonl.xz", lzma.compress(PLAIN.encode())),
        ("a.jsonl.zst", pa.compress(PLAIN.encode(), codec="zstd", asbytes=True)),
        ("a.tsv", b"problem\tanswer\tresponse\r\n1 + 1?\t2\tIt is \\boxed{2}.\r\n"),
        ("a.csv", b'problem,answer,response\n1 + 1?,2,"It is \\boxed{2}."\n'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # no bytes, which name the second
)
def test_files_as_people_have_them(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    sample = samples(tmp_path / name)[0]
    assert (sample.question, sample.references, sample.text) == ("1 + 1?", ("2",), ROW["response"])


def test_tables_may_be_compressed_too(tmp_path):
    buffer = io.BytesIO()
    pl.DataFrame([ROW]).write_parquet(buffer)
    (tmp_path / "a.parquet.gz").write_bytes(gzip.compress(buffer.getvalue()))
    assert samples(tmp_path / "a.parquet.gz")[0].text == ROW["response"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(JSON, max_size=6), st.integers(1, 40), st.sampled_from([None, 1]))
def test_a_document_read_in_windows_is_the_document(values, window, indent):
    document = json.dumps(values, indent=indent)
    stream = JsonStream(io.StringIO(document))
    stream._text.read, whole = _at_most(stream._text, window), stream
    assert list(whole.elements()) == values
    assert whole.peek() == ""


def _at_most(stream, window):
    unbounded = stream.read
    return lambda size: unbounded(min(size, window))


@pytest.mark.parametrize("name", ["list.json", "list.jsonl", "object.json", "lines.json"])
def test_json_that_is_too_long_to_parse_at_once_is_read_alike(tmp_path, monkeypatch, name):
    values = [ROW | {"n": number, "text": "\ud800 half"} for number in range(40)]
    text = {
        "list.json": json.dumps(values, indent=1),
        "list.jsonl": json.dumps(values),
        "object.json": json.dumps({str(number): value for number, value in enumerate(values)}),
        "lines.json": "\n".join(map(json.dumps, values)),
    }[name]
    path = tmp_path / name
    path.write_text(text)
    whole = read_rows(path)
    monkeypatch.setattr(json_rows, "_WHOLE", 100)
    assert read_rows(path) == whole
    assert len(whole) == 40
    path.write_text(text[:-40])
    with pytest.raises(RecordedError, match=r"not valid JSON"):
        read_rows(path)


MEMORY = """
import resource, sys
from pathlib import Path
from passk.logs import normal_file
from passk.logs.reader import LogReading, read
normal_file.BATCH_CHARACTERS = 1 << 20
peaks = []
for name in sys.argv[1:]:
    normal_file.write(read([Path(name)], LogReading()), Path(name).with_suffix(".parquet"))
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print((peaks[1] - peaks[0]) / 1024)
"""


def test_memory_does_not_grow_with_the_file(tmp_path):
    paths = []
    for size in (1_000, 5_000):
        path = tmp_path / f"{size}.jsonl"
        with path.open("w") as stream:
            for number in range(size):
                row = ROW | {"id": number % 50, "response": f"{number} " + "word " * 1600}
                stream.write(json.dumps(row) + "\n")
        paths.append(str(path))
    command = [sys.executable, "-c", MEMORY, *paths]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert float(done.stdout) < 16  # MB, after 8 MB of text for 40 MB of it


# problems from a file of their own


def test_problems_are_joined_by_id_or_question(tmp_path):
    stated = lines(tmp_path / "p.jsonl", {"id": 3, "question": "1 + 1?", "answer": "2"})
    problems = read_problems(stated, {})
    by_id = lines(tmp_path / "a.jsonl", {"id": 3, "response": "2"})
    by_question = lines(tmp_path / "b.jsonl", {"prompt": "1 + 1?", "response": "2"})
    unknown = Counter()
    for path in (by_id, by_question):
        (sample,) = state(samples(path), problems, unknown)
        assert (sample.question, sample.references) == ("1 + 1?", ("2",))
    other = lines(tmp_path / "c.jsonl", {"id": 4, "response": "2"})
    assert next(iter(state(samples(other), problems, unknown))).references == ()
    assert unknown == {"4": 1}


# the command


def run(*arguments):
    return CliRunner().invoke(application(), ["import", *map(str, arguments)])


def test_the_command_says_what_it_read_and_writes_it(tmp_path):
    path = lines(tmp_path / "a.jsonl", ROW, ROW | {"response": None}, ROW | {"truncated": True})
    done = run(path, "--out", tmp_path / "out.parquet")
    assert done.exit_code == 0, done.output
    assert "3 rows, 1 problems, 3 samples, 3 a problem" in done.output
    assert "reference = answer" in done.output
    assert "1 without a response" in done.output
    assert [s.text for s in samples(tmp_path / "out.parquet")].count(None) == 1


def test_the_command_joins_problems_and_prints_an_entry_of_a_study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines(Path("a.jsonl"), {"id": 3, "response": "2", "kind": "math"})
    lines(Path("p.jsonl"), {"id": 3, "question": "1 + 1?", "answer": "2"})
    done = run("a.jsonl", "--problems", "p.jsonl", "--where", "kind=math", "--study", "base")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("imported:\n  base:\n    path:")
    for line in ("- a.jsonl", "kind: math", "problems: p.jsonl"):
        assert line in done.stdout


WRONG = [
    (["none.jsonl"], "none.jsonl: no such file"),
    (["a.jsonl", "--out", "a.csv"], "--out a.csv: samples are written as Parquet"),
    (["a.jsonl", "--as", "lm_eval"], "format 'lm_eval' is unknown"),
    (["a.jsonl", "--as", "nemo-skills"], "a.jsonl, line 1: no response at 'generation'"),
    (["a.jsonl", "--column", "golds=x"], "--column"),
    (["a.jsonl", "--column", "gold"], "expected NAME=VALUE"),
    (["a.jsonl", "--column", "gold=x"], "no row has 'x'"),
    (["a.jsonl", "--column", "gold=x[["], "not a path"),
    (["a.jsonl", "--where", "problem=none"], "a.jsonl: --where problem=none leaves out all 1 rows"),
    (["a.jsonl", "--stop", ""], "--stop ''"),
    (["a.jsonl", "--problems", "none.jsonl"], "none.jsonl: no such file"),
    (["a.jsonl", "--problems", "a.jsonl", "--out", "out.parquet"], None),
    (["a.jsonl", "--problems", "other.jsonl"], "other.jsonl: has none of the problems"),
    (["p.parquet", "--out", "p.parquet"], "is an input and would be overwritten"),
    (["empty.jsonl"], "empty.jsonl: holds no row"),
    (["folder"], "folder: holds no table"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_a_wrong_use_is_told_in_a_line(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    lines(Path("a.jsonl"), ROW)
    lines(Path("other.jsonl"), {"question": "9?", "answer": "9"})
    pl.DataFrame([ROW]).write_parquet("p.parquet")
    Path("empty.jsonl").touch()
    Path("folder").mkdir()
    done = run(*arguments)
    assert done.exit_code == (0 if message is None else 1), done.output
    if message is not None:
        (line,) = done.stderr.strip().splitlines()
        assert line.startswith("passk import: ")
        assert message in line
    assert not Path("out.parquet").exists() or message is None


def test_what_the_user_says_last_is_no_response(tmp_path):
    chat = [{"role": "user", "content": "1 + 1?"}, {"role": "assistant", "content": "2"}]
    path = lines(
        tmp_path / "a.jsonl",
        *({"id": 1, "messages": m, "answer": "2"} for m in (chat, chat[:1], [*chat, chat[0]])),
    )
    assert [s.text for s in samples(path)] == ["2", None, None]


def test_scripts_beside_samples_are_no_programs_of_evalplus(tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "run.py").write_text("print(1)")
    path = lines(tmp_path / "samples.jsonl", ROW)
    assert expand([tmp_path]) == [path]
    (tmp_path / "step_1").mkdir()
    (tmp_path / "step_1" / "1.py").write_text("print(1)")
    assert expand([tmp_path]) == [path]


def test_a_right_answer_is_no_reward_of_trl(tmp_path):
    row = {"step": 1, "prompt": "1 + 1?", "completion": "2", "correct_answer": "1"}
    plain = samples(lines(tmp_path / "a.jsonl", row, row | {"is_correct": "yes"}))
    assert [(s.grade, s.references) for s in plain] == [(None, ("1",))] * 2
    reward = lines(tmp_path / "b.jsonl", row | {"correctness_reward": 2.0})
    assert samples(reward)[0].grade is True


def test_conditions_that_leave_out_every_row_say_so(tmp_path):
    path = lines(tmp_path / "a.jsonl", ROW | {"filter": "strict"}, ROW | {"filter": "loose"})
    message = r"a.jsonl: --where filter=x leaves out all 2 rows; .*line 1 has filter = 'strict'"
    with pytest.raises(RecordedError, match=message):
        samples(path, where={"filter": "x"})


def test_a_glob_of_folders_reads_their_files(tmp_path):
    for name in ("seed10", "seed2"):
        (tmp_path / name).mkdir()
        lines(tmp_path / name / "a.jsonl", ROW)
    found = expand([tmp_path / "seed*"])
    assert [file.parent.name for file in found] == ["seed2", "seed10"]


def test_a_row_may_lack_the_reason_why_its_response_ended(tmp_path):
    rows = [ROW, ROW | {"finish_reason": "length"}, ROW | {"finish_reason": None}]
    path = lines(tmp_path / "a.jsonl", *rows)
    assert [sample.finish for sample in samples(path)] == ["unknown", "length", "unknown"]


def test_a_position_is_of_a_list_and_not_of_a_text(tmp_path):
    path = lines(tmp_path / "a.jsonl", ROW | {"response": "2"})
    with pytest.raises(RecordedError, match=r"no response at 'response\[0\]'"):
        samples(path, fields={"response": "response[0]"})
