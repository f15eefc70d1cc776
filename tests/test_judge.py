"""`passk judge`: anybody's file, outside a study."""

import bz2
import csv
import gzip
import json
import lzma
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import polars as pl
import pyarrow as pa
import pytest
from tests.conftest import needs_real, real_file
from typer.testing import CliRunner

from passk.analysis.metrics import pass_at_k
from passk.cli.app import application
from passk.cli.judge_options import judge_options
from passk.domains.registry import DOMAINS

QWEN = "samples/math_qwen_100x8.jsonl"
REAL = real_file(QWEN)
ROWS = [
    {"question": "1+1?", "answer": 2, "response": r"\boxed{2}"},
    {"question": "1+2?", "answer": "3", "response": r"\boxed{4}"},
]  # boxed numbers, which need no worker process


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def judge(*arguments, out="v.parquet"):
    return CliRunner().invoke(application(), ["judge", *map(str, arguments), "--out", str(out)])


def write(name, *values):
    Path(name).write_text(lines(values))


def lines(values):
    return "".join(json.dumps(value) + "\n" for value in values)


@needs_real(QWEN)
def test_real_responses():
    done = judge(REAL)
    assert done.exit_code == 0, done.output
    assert "(qwen-math): problem id = idx, question = question, gold = gt, response = code" in (
        done.output
    )
    assert "800 samples of 100 problems, 729 correct, 71 wrong, 0 unknown" in done.output
    assert "8  97.00%" in done.output
    assert "solved at least once: 97 of 100" in done.output
    assert "differ from the recorded grades: 1 of 800 samples" in done.output
    done = judge(REAL, "--as", "plain")
    assert done.exit_code == 1
    assert "line 2: the gold answer may be 'answer' (" in done.output
    assert "or 'gt' (" in done.output


def test_responses_joined_with_problems_keep_their_ids():
    write(
        "p.jsonl",
        {"id": 1, "question": "1+1?", "answer": 2},
        {"id": 2, "question": "x?", "answer": "12"},
        {"id": 3, "question": "1+1?", "answer": 2},  # asked before
    )
    write(
        "r.jsonl",
        {"id": "2", "response": r"\boxed{12}"},
        {"id": 1.0, "response": r"\boxed{3}"},
        {"id": 3, "response": r"\boxed{2}"},
    )
    done = judge("r.jsonl", "--problems", "p.jsonl", "--domain", "math")
    assert done.exit_code == 0, done.output
    verdicts = pl.read_parquet("v.parquet")
    assert verdicts.select("problem_id", "index", "gold", "verdict").rows() == [
        ("1", 0, "2", "wrong"), ("2", 1, "12", "correct"), ("3", 2, "2", "correct"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("response", "message"),
    [
        ({"id": 9, "response": "3"}, "r.jsonl, line 2: no problem with id '9' in p.jsonl (1 of 2"),
        ({"id": 1, "respons": "3"}, "r.jsonl, line 2: no response at any usual name; the"),
        ({"id": 2, "response": "3"}, "p.jsonl, line 2: gold answer is None"),
        ({"id": 1, "response": {"text": 3}}, "r.jsonl, line 2: response 0 is {'text': 3}; exp"),
    ],
)
def test_faults_are_named_and_nothing_is_written(response, message):
    write(
        "p.jsonl",
        {"id": 1, "question": "1+1?", "answer": 2},
        {"id": 2, "question": "?", "answer": None},
    )
    write("r.jsonl", {"id": 1, "response": "2"}, response)
    Path("v.parquet").write_text("before")
    done = judge("r.jsonl", "--problems", "p.jsonl")
    assert done.exit_code == 1
    assert message in done.output
    assert Path("v.parquet").read_text() == "before"


def test_a_part_of_the_problems_and_rows_of_other_ones():
    write("p.jsonl", *({"id": i, "question": str(i), "answer": i} for i in range(3)))
    write("r.jsonl", *({"id": i, "response": rf"\boxed{{{i}}}"} for i in (2, 7)))
    assert "leave out such rows with --part" in judge("r.jsonl", "--problems", "p.jsonl").output
    done = judge("r.jsonl", "--problems", "p.jsonl", "--part")
    assert done.exit_code == 0
    assert "left out: 1 of 2 rows, of other problems" in done.output
    assert "not answered: 2 of 3 problems" in done.output


def test_usage_faults_have_a_code_of_their_own():
    write("r.jsonl", *ROWS)
    done = judge("r.jsonl", "--domain", "poetry")
    assert done.exit_code == 2
    assert "--domain = 'poetry': unknown domain; legal: code, math, visual" in done.output
    for option in ("--part", "--any-digest", "--source=x", "--problems-id=x"):
        done = judge("r.jsonl", option)
        assert done.exit_code == 2
        assert "says how to read --problems" in done.output
    assert judge("r.jsonl", "--missing", "x").exit_code == 2


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("r.jsonl", "is an input and would be overwritten"),
        ("folder/../p.jsonl", "is an input and would be overwritten"),
        ("folder", "--out folder: a folder; name a file, e.g. folder/verdicts.parquet"),
        ("v.txt", "--out v.txt: end it in .parquet, .jsonl, .csv"),
        ("p.jsonl/v.csv", "nothing can be written in"),
    ],
)
def test_inputs_are_never_overwritten(out, message):
    Path("folder").mkdir()
    write("p.jsonl", {"id": 1, "question": "1+1?", "answer": 2})
    write("r.jsonl", {"id": 1, "response": "2"})
    before = {name: Path(name).read_bytes() for name in ("p.jsonl", "r.jsonl")}
    done = judge("r.jsonl", "--problems", "p.jsonl", out=out)
    assert done.exit_code == 2
    assert message in done.output
    assert {name: Path(name).read_bytes() for name in before} == before


@pytest.mark.parametrize(("flag", "value"), [("--workers", 0), ("--timeout", -1)])
def test_limits_out_of_range_name_their_flag(flag, value):
    write("r.jsonl", *ROWS)
    done = judge("r.jsonl", flag, value)
    assert done.exit_code == 2
    assert flag in click.unstyle(done.output)
    assert "pydantic" not in done.output


def test_every_option_of_every_judge_is_on_the_command_line():
    options = {option.field: option for option in judge_options()}
    fields = {(name, f) for name, domain in DOMAINS.items() for f in domain.settings.model_fields}
    assert {f for _, f in fields} == set(options)
    shown = CliRunner().invoke(application(), ["judge", "--help"]).stdout
    assert [option.flag for option in options.values() if f"{option.flag} " not in shown] == []
    assert all(f"--domain {name}" in shown for name in DOMAINS if name != "math")


def test_an_option_decides_verdicts():
    write("r.jsonl", {"question": "?", "answer": "7", "response": "perhaps 7"})
    assert "1 correct" in judge("r.jsonl").output
    done = judge("r.jsonl", "--no-without-anchor")
    assert "wrong          1  no answer found" in done.output


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("question", "line 1: nothing tells which problem it answers: name a column: --column "
         "problem_id=COLUMN; the row has answer, response"),
        ("answer", "has no right answer in the files; name the column that holds it, --column "
         "gold=COLUMN, or give a file of problems, --problems FILE"),
        ("response", "line 1: no response at any usual name; the row has answer, question. Name "
         "its column: --column response=COLUMN"),
    ],
)  # fmt: skip
def test_a_missing_column_is_named_with_its_option(missing, message):
    write("r.jsonl", *({k: v for k, v in row.items() if k != missing} for row in ROWS))
    done = judge("r.jsonl")
    assert done.exit_code == 1
    assert message in done.output


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"output": "9"}, "the response may be 'output' ('9') or 'response' ("),
        ({"gt": "9"}, "the gold answer may be 'answer' ('2') or 'gt' ('9'); say which"),
    ],
)
def test_what_may_be_meant_is_never_guessed(more, message):
    write("r.jsonl", *(row | more for row in ROWS))
    done = judge("r.jsonl")
    assert done.exit_code == 1
    assert message in done.output
    write("r.jsonl", *(row | {"output": row["response"], "gt": row["answer"]} for row in ROWS))
    assert judge("r.jsonl").exit_code == 0, "two names for the same values are no question"


def test_an_id_that_may_number_samples_is_asked_about():
    write("r.jsonl", *(ROWS[0] | {"id": number} for number in "ab"))
    done = judge("r.jsonl")
    assert done.exit_code == 1
    assert "r.jsonl: 1 of 2 rows ask what another one asks, and id differs in all" in done.output
    assert "2 samples of 2 problems" in judge("r.jsonl", "--problem-id", "id").output
    assert "2 samples of 1 problem," in judge("r.jsonl", "--problem-id", "question").output
    write("r.jsonl", *(row | {"id": "run-1"} for row in ROWS))
    done = judge("r.jsonl")
    assert "one id, two questions. Name what tells these problems apart" in done.output
    done = judge("r.jsonl", "--problem-id", "question")
    assert "2 samples of 2 problems" in done.output
    write("r.jsonl", *ROWS)
    done = judge("r.jsonl")
    assert "problem id = none (the question tells problems apart)" in done.output


def test_several_sure_ids_that_differ_are_asked_about():
    write("r.jsonl", *(row | {"task_id": "gsm8k", "problem_id": i} for i, row in enumerate(ROWS)))
    done = judge("r.jsonl")
    assert done.exit_code == 1
    assert "the problem's id may be 'problem_id' ('0') or 'task_id' ('gsm8k')" in done.output
    assert "problem id = problem_id" in judge("r.jsonl", "--problem-id", "problem_id").output


def test_lists_of_responses_and_why_they_ended():
    outputs = [r"\boxed{1}", "so far", r"\boxed{2}"]
    row = {"question": "?", "gold": 1, "outputs": outputs, "stop_reason": None}
    write(
        "r.jsonl",
        row | {"finish_reason": ["stop", "length", "stop"]},
        row | {"question": "??", "outputs": [], "finish_reason": []},
    )
    assert "r.jsonl, line 2: no response; say what a missing" in judge("r.jsonl").output
    output = judge("r.jsonl", "--missing", "drop").output
    assert "3 samples of 1 problem, 1 correct, 1 wrong, 1 unknown" in output
    assert "dropped: 1 sample without a response" in output
    write("r.jsonl", row | {"finish_reason": ["stop", "stop"]})
    assert "line 1: 2 entries in 'finish_reason', but 3 responses" in judge("r.jsonl").output


def test_ids_are_found_by_which_rows_find_their_problem():
    write("p.jsonl", *({"id": f"p{i}", "idx": i, "answer": i} for i in range(3)))
    write(
        "r.jsonl",
        *({"task_id": f"p{i}", "id": f"run/{i}", "response": rf"\boxed{{{i}}}"} for i in (2, 0)),
    )
    done = judge("r.jsonl", "--problems", "p.jsonl")
    assert done.exit_code == 0, done.output
    assert pl.read_parquet("v.parquet")["problem_id"].to_list() == ["p0", "p2"]
    write("r.jsonl", {"id": "p1", "idx": 0, "response": r"\boxed{1}"})
    done = judge("r.jsonl", "--problems", "p.jsonl")
    assert done.exit_code == 1
    assert (
        "line 1: id leads to p.jsonl, line 2 (by id), idx to p.jsonl, line 1 (by idx); say which"
        in done.output
    )
    assert judge("r.jsonl", "--problems", "p.jsonl", "--problem-id", "id").exit_code == 0
    write("p.jsonl", {"id": 1, "answer": 1}, {"id": "1", "answer": 1})
    done = judge("r.jsonl", "--problems", "p.jsonl", "--problem-id", "idx", "--problems-id", "id")
    assert "p.jsonl, line 2: id '1' stands in p.jsonl, line 1 too" in done.output


def test_numbers_that_happen_to_be_in_both_files_are_no_ids():
    problems = [{"idx": i, "question": f"{i}?", "answer": i} for i in range(4)]
    rows = [{"idx": i, "question": f"{i + 2}?", "response": rf"\boxed{{{i + 2}}}"} for i in (0, 1)]
    write("p.jsonl", *problems)
    write("r.jsonl", *rows)
    done = judge("r.jsonl", "--problems", "p.jsonl")
    assert done.exit_code == 1
    assert "line 1: idx leads to p.jsonl, line 1 (by idx), its question to p.jsonl, line 3" in (
        done.output
    )
    done = judge("r.jsonl", "--problems", "p.jsonl", "--problem-id", "question")
    assert "2 samples of 2 problems, 2 correct" in done.output
    write("r.jsonl", {"id": "x", "response": "0"})
    done = judge("r.jsonl", "--problems", "p.jsonl")
    assert "line 1: no problem with id 'x' in p.jsonl, and no other row finds its" in done.output
    # A sure id that some rows have wrong is never given up for a number that all have.
    write("p.jsonl", *(row | {"task_id": f"t{row['idx']}"} for row in problems))
    write("r.jsonl", *({"idx": i, "task_id": f"t{i + 3}", "response": "0"} for i in (0, 1)))
    done = judge("r.jsonl", "--problems", "p.jsonl")
    assert "line 2: no problem with task_id 't4' in p.jsonl (1 of 2 rows)" in done.output


def test_nested_values_and_chat_messages():
    chat = [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": r"\boxed{2}"}]
    write("r.jsonl", {"id": "a", "doc": {"target": 2}, "choices": [{"message": chat[1]}] * 2})
    done = judge("r.jsonl", "--gold", "doc.target", "--response", "choices[].message.content")
    assert "2 samples of 1 problem, 2 correct" in done.output
    assert "a path such as doc.answer" in judge("r.jsonl").output
    write("r.jsonl", {"question": chat[:1], "gold": 2, "messages": chat})
    assert "1 sample of 1 problem, 1 correct" in judge("r.jsonl").output


def test_every_kind_of_file_gives_the_same_verdicts():
    rows = [row | {"id": number, "response": f'so,\n"{row["response"]}"\r\n'}
            for number, row in enumerate(ROWS)]  # fmt: skip
    text = lines(rows)
    write("r.jsonl", *rows)
    Path("bom.jsonl").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n\r\n").encode())
    Path("list.jsonl").write_text(json.dumps(rows, indent=1))
    Path("lines.json").write_text(text)
    Path("plain.jsonl").write_bytes(gzip.compress(text.encode()))  # a name that does not say so
    for ending, compress in (
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
    ):
        Path(f"r.ndjson{ending}").write_bytes(compress(text.encode()))
    with pa.CompressedOutputStream("r.jsonl.zst", "zstd") as stream:
        stream.write(text.encode())
    for ending, sign in ((".csv", ","), (".tsv", "\t")):
        with Path(f"r{ending}").open("w", newline="", encoding="utf-8-sig") as stream:
            table = csv.DictWriter(stream, list(rows[0]), delimiter=sign)
            table.writeheader()
            table.writerows(rows)
    pl.DataFrame([row | {"answer": str(row["answer"])} for row in rows]).write_parquet("r.parquet")
    expected = None
    for path in sorted(path for path in Path().iterdir() if path.is_file()):
        done = judge(path, out="v.csv")
        assert done.exit_code == 0, (path, done.output)
        verdicts = pl.read_csv("v.csv").drop("draw", "set").to_dicts()
        expected = expected or verdicts
        assert verdicts == expected, path
        Path("v.csv").unlink()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("r.jsonl", lines(ROWS)[:-9], "r.jsonl, line 2: not valid JSON (Unterminated string"),
        ("r.jsonl", lines(ROWS)[:-9], "It is the last line and has no end"),
        ("r.jsonl", lines(ROWS).replace("\n", ",\n", 1), "line 1: not valid JSON (Extra data, col"),
        ("r.json", json.dumps(ROWS)[:-9], "r.json: not valid JSON (Unterminated string"),
        ("r.csv", 'a,b\n1,"x\n', "r.csv, line 2: no CSV (unexpected end of data)"),
        ("r.csv", 'question,response\n1,"x\ny"\n1\n', "r.csv, line 4: 1 cells for 2 columns"),
        ("r.csv", "a,a\n1,2\n", "column(s) ['a'] stand twice"),
        ("r.csv", "a,b\n", "r.csv: holds no row"),
        ("r.json", "[]", "r.json: holds no row"),
        ("r.jsonl", "[" * 100_000, "r.jsonl, line 1: nested too deeply"),
        ("r.jsonl", '{"a": ' + "9" * 5000 + "}\n", "line 1: not valid JSON (Exceeds the limit"),
        ("r.txt", "", "expected .jsonl"),
    ],
)
def test_damaged_files_are_named(name, content, message):
    Path(name).write_text(content)
    done = judge(name)
    assert done.exit_code == 1
    assert message in done.output
    assert done.output.count("\n") == 1, "one line"


def test_texts_that_break_encoders_have_verdicts():
    Path("r.jsonl").write_text(
        '{"question": "a", "answer": 2, "response": "\\ud83d \\\\boxed{2}"}\n'
        '{"question": "b", "answer": 2, "response": "\\u0000 \\\\boxed{2}"}\n'
        '{"question": "c\\udfff", "answer": 2, "response": ""}\n'
        '{"question": "d", "answer": "1\\ud8002", "response": "\\\\boxed{1\\ud8002}"}\n'
    )
    done = judge("r.jsonl", out="v.jsonl")
    assert done.exit_code == 0, done.output
    assert "wrong          1  no answer found" in done.output
    verdicts = pl.read_ndjson("v.jsonl")
    assert verdicts["verdict"].to_list()[:3] == ["correct", "correct", "wrong"]
    assert verdicts["gold"].to_list()[3] == "1\ufffd2"


def test_missing_responses_count_as_told():
    write("r.jsonl", ROWS[0], ROWS[1] | {"response": None})
    assert "say what a missing response counts as with --missing" in judge("r.jsonl").output
    assert "unknown        1  no response" in judge("r.jsonl", "--missing", "unknown").output
    assert "wrong          1  no response" in judge("r.jsonl", "--missing", "wrong").output
    assert "1 sample of 1 problem" in judge("r.jsonl", "--missing", "drop").output


@pytest.mark.parametrize("apart", [True, False])
def test_any_of_several_right_answers_will_do(apart):
    row = {"id": "a", "question": "x^2 = 16?", "answer": ["4", "-4"]}
    responses = [{"id": "a", "response": rf"\boxed{{{x}}}"} for x in (4, -4, 5)]
    write("p.jsonl", row)
    write("r.jsonl", *(responses if apart else [row | response for response in responses]))
    done = judge("r.jsonl", *(["--problems", "p.jsonl"] if apart else []))
    assert "3 samples of 1 problem, 2 correct, 1 wrong" in done.output
    assert set(pl.read_parquet("v.parquet")["gold"]) == {"4 or -4"}


def test_several_files_are_one_draw_and_sets_stay_apart():
    for number, task in enumerate("ab"):
        write(f"s{number}.jsonl", *(row | {"id": i, "task": task} for i, row in enumerate(ROWS)))
    done = judge("s0.jsonl", "s1.jsonl")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("2 files, s0.jsonl to s1.jsonl: problem id = id")
    verdicts = pl.read_parquet("v.parquet")
    assert sorted(verdicts.select("set", "problem_id").rows()) == [
        ("a", "0"), ("a", "1"), ("b", "0"), ("b", "1"),
    ]  # fmt: skip


def test_pass_at_k_reasons_and_unknown_are_summed_up():
    draws = {"a": "11x1", "b": "1222", "c": "2222"}
    write(
        "r.jsonl",
        *(
            {"id": name, "gold": 1, "response": "" if x == "x" else rf"\boxed{{{x}}}",
             "finish_reason": "length" if x == "x" else "stop", "correct": x == "1"}
            for name, row in draws.items() for x in row
        ),
    )  # fmt: skip
    output = judge("r.jsonl").output
    assert "3 problems, 4 samples each; unknown counts as not solved" in output
    assert [line.split() for line in output.splitlines() if line.startswith(("correct", "un"))] == [
        ["correct", "4", "equal"], ["unknown", "1", "truncated"],
    ]  # fmt: skip
    for k in (1, 2, 4):
        shares = [100 * pass_at_k(4, [c, 1, 0], k).mean() for c in (3, 4)]
        assert f"{k}  {shares[0]:.2f}%" in output
        assert f"{shares[1]:.2f}%" in output
    assert "differ from the recorded grades: 0 of 12 samples" in output


def test_k_ends_where_a_problem_has_no_more_samples():
    rows = [{"id": name, "gold": 1, "response": r"\boxed{1}"} for name in "aaaab"]
    write("r.jsonl", *rows)
    output = judge("r.jsonl").output
    assert "2 problems, 1 to 4 samples each" in output
    assert "as problem 'b' has only 1 sample" in output
    assert [line for line in output.splitlines() if line.startswith(("1 ", "2 "))][1:] == [
        "1  100.00%"
    ]


@pytest.mark.parametrize("out", ["v.parquet", "v.jsonl", "v.csv"])
def test_disagreements_reads_every_form(out):
    write("r.jsonl", *(row | {"correct": False} for row in ROWS))
    assert f"passk disagreements {out}" in judge("r.jsonl", out=out).output
    done = CliRunner().invoke(application(), ["disagreements", out])
    assert done.exit_code == 1, done.output
    assert "1 of 2 verdicts differ" in done.output


@pytest.mark.slow
def test_a_stopped_run_goes_on_where_it_was():
    write("r.jsonl", *({"id": i, "gold": f"x^{i}+1", "response": f"\\boxed{{1+x^{i}}}"}
                       for i in range(2000)))  # fmt: skip
    command = [sys.executable, "-c", "from passk.cli.app import main; main()", "judge", "r.jsonl",
               "--out", "v.csv", "--workers", "1"]  # fmt: skip
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    cache = Path(".passk/verdicts")
    while not any(path.stat().st_size > 10_000 for path in cache.rglob("*.jsonl")):
        assert running.poll() is None
        time.sleep(0.05)
    os.kill(running.pid, signal.SIGINT)
    stderr = running.communicate(timeout=60)[1]
    assert running.returncode == 130
    assert "the same command goes on" in stderr
    assert not Path("v.csv").exists()
    kept = sum(path.read_text().count("\n") for path in cache.rglob("*.jsonl"))
    assert kept > 10
    done = judge("r.jsonl", "--workers", 1)
    assert "2000 correct" in done.output
    assert sum(path.read_text().count("\n") for path in cache.rglob("*.jsonl")) == 2000
