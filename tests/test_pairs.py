"""Two sets of files compared: known numbers of real counts, and the same numbers as a study."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.conftest import ROOT

from passk.analysis.metrics import pass_at_k
from passk.cli.comparison_checks import check_ignored, check_outputs
from passk.comparing import notes, settings
from passk.comparing.compared import ComparedFiles, count_files, count_samples
from passk.comparing.draws import CANDIDATE, REFERENCE
from passk.comparing.page import report_context
from passk.comparing.run import answer
from passk.core.rows import RecordedError
from passk.domains.settings import Verification
from passk.logs.alignment import align
from passk.logs.reader import LogReading
from passk.logs.side import gather
from passk.pipeline.stages.verify import judge_samples
from passk.report.finding import state_finding
from passk.report.html.page import render_page
from passk.report.html.sourced_values import to_text
from passk.report.reading import ReadSamples

COUNTS = ROOT / "studies" / "math500-counts" / "counts.csv"
COLUMNS = [{"correct": "base_correct"}, {"correct": "simplerl_correct"}]
# The reproduction's own pooled pass@k (its audit/results.json).
BASE = [0.613921875, 0.734083, 0.814358, 0.868173, 0.904339, 0.929292, 0.947445, 0.962]
RL = [0.779328, 0.823585, 0.856750, 0.882970, 0.902217, 0.915086, 0.923494, 0.93]


def passk(*arguments, cwd):
    command = [str(Path(sys.executable).with_name("passk")), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def judge(frame):
    return judge_samples(frame, Verification())


def compared(reference, candidate, **options):
    files = ComparedFiles([reference], [candidate], **options)
    return count_samples(files, judge, lambda samples, _: samples)


def solved(counts, draw):
    rows = counts.filter(draw=draw).sort("index")
    return list(rows.select("n", "c", "unknown").iter_rows())


@pytest.fixture(scope="module")
def real():
    counted = count_files(ComparedFiles([COUNTS], [COUNTS]), COLUMNS)
    return answer(counted.counts, settings.analysis(128, 1000, 0.95), seed=0)


def test_pass_at_k_of_real_counts_is_as_published(real):
    for draw, published in ((REFERENCE, BASE), (CANDIDATE, RL)):
        rows = real.results["pass_at_k"].filter(draw=draw).sort("k")
        assert rows["k"].to_list() == [1, 2, 4, 8, 16, 32, 64, 128]
        np.testing.assert_allclose(rows["pass_at_k"].to_list(), published, atol=5e-7)


def test_coverage_of_real_counts_is_as_published(real):
    sizes = dict(real.results["coverage"].select("category", "problems").iter_rows())
    assert sizes == {"both": 462, "reference_only": 19, "candidate_only": 3, "neither": 16}


def test_the_difference_at_128_agrees_with_another_bootstrap(real):
    """Theirs resamples problems alone: -3.20 points [-5.00, -1.40]; ours resamples samples, too."""
    row = real.results["difference"].filter(k=128).row(0, named=True)
    assert row["difference"] == pytest.approx(-0.032)
    assert row["low"] == pytest.approx(-0.05, abs=0.006)
    assert row["high"] == pytest.approx(-0.014, abs=0.006)


def test_a_crossover_is_found_where_the_curves_cross(real):
    with COUNTS.open() as stream:
        rows = list(csv.DictReader(stream))
    n = np.full(len(rows), 128)
    base = np.array([int(row["base_correct"]) for row in rows])
    trained = np.array([int(row["simplerl_correct"]) for row in rows])
    ahead = [
        float(np.mean(pass_at_k(n, trained, np.array([k])) - pass_at_k(n, base, np.array([k]))))
        for k in (14, 15)
    ]
    crossover = real.results["crossover"].row(0, named=True)
    assert ahead[0] > 0 > ahead[1]
    assert 14 <= crossover["crossover_k"] <= 15.5
    assert crossover["p_none"] < 0.01


RIGHT, OTHER = r"It is \boxed{4}.", r"It is \boxed{5}."


def test_pairs_are_told_by_id_though_prompts_differ(tmp_path):
    base = write(tmp_path / "base.jsonl", [
        {"problem_id": "a", "prompt": "Q: 2+2? A:", "gold": "4", "response": [RIGHT, OTHER]},
        {"problem_id": "b", "prompt": "Q: 2+3? A:", "gold": "5", "response": [RIGHT, OTHER]},
    ])  # fmt: skip
    tuned = write(tmp_path / "rl.jsonl", [
        {"problem_id": "b", "prompt": "<user>2+3?", "gold": "5", "response": [OTHER, OTHER]},
        {"problem_id": "a", "prompt": "<user>2+2?", "gold": "4", "response": [RIGHT, RIGHT]},
        {"problem_id": "c", "prompt": "<user>2+4?", "gold": "6", "response": [RIGHT, RIGHT]},
    ])  # fmt: skip
    counted = compared(base, tuned)
    assert solved(counted.counts, REFERENCE) == [(2, 1, 0), (2, 1, 0)]
    assert solved(counted.counts, CANDIDATE) == [(2, 2, 0), (2, 2, 0)]
    assert counted.reads[CANDIDATE].only == 1


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("unknown", (3, 1, 1)), ("wrong", (3, 1, 0)), ("drop", (2, 1, 0))],
)
def test_a_missing_response_is_what_the_rule_says(tmp_path, missing, expected):
    rows = [{"problem": "2+2?", "gold": "4", "response": [RIGHT, None, OTHER]}]
    path = write(tmp_path / "base.jsonl", rows)
    counted = compared(path, path, missing=missing)
    assert solved(counted.counts, REFERENCE) == [expected]
    assert counted.reads[REFERENCE].missing == 1


def test_a_truncated_response_without_an_answer_is_unknown(tmp_path):
    rows = [{"problem": "2+2?", "gold": "4", "response": "It is", "finish_reason": "length"}]
    path = write(tmp_path / "base.jsonl", rows)
    assert solved(compared(path, path).counts, REFERENCE) == [(1, 0, 1)]


def test_a_base_model_that_runs_on_is_cut_where_it_would_have_stopped(tmp_path):
    text = f"{RIGHT}\n\nQuestion: 7 - 2?\nAnswer: {OTHER}"
    path = write(tmp_path / "a.jsonl", [{"problem": "2+2?", "gold": "4", "response": text}])
    whole, cut = (
        compared(path, path),
        compared(path, path, reading=LogReading(stop=["\nQuestion:"])),
    )
    assert solved(whole.counts, REFERENCE) == [(1, 0, 0)]
    assert whole.reads[REFERENCE].running_on == 1
    assert solved(cut.counts, REFERENCE) == [(1, 1, 0)]
    assert cut.reads[REFERENCE].cut == 1


def test_any_of_several_right_answers_will_do(tmp_path):
    rows = [
        {"problem": "x^2 = 16?", "gold": ["4", "-4"], "response": [RIGHT, r"\boxed{-4}", OTHER]}
    ]
    path = write(tmp_path / "a.jsonl", rows)
    assert solved(compared(path, path).counts, REFERENCE) == [(3, 2, 0)]


def test_one_problem_with_few_samples_is_left_out_and_counted(tmp_path):
    rows = [
        {"problem": "2+2?", "gold": "4", "response": [RIGHT] * 8},
        {"problem": "2+3?", "gold": "5", "response": [RIGHT]},
    ]
    path = write(tmp_path / "a.jsonl", rows)
    counted = compared(path, path, min_n=4)
    assert solved(counted.counts, REFERENCE) == [(8, 8, 0)]
    assert counted.reads[REFERENCE].only == 1


def test_two_right_answers_that_differ_are_refused(tmp_path):
    sides = {}
    for name, gold in (("base", "4"), ("rl", "5")):
        path = write(tmp_path / f"{name}.jsonl", [{"problem": "?", "gold": gold, "response": "4"}])
        from passk.logs.reader import read

        sides[name] = gather(read([path], LogReading()))
    with pytest.raises(RecordedError, match="the right answer '5', and '4' in"):
        align(sides)


def test_the_command_prints_answers_and_writes_a_page_with_nothing_outside(tmp_path):
    path = write(
        tmp_path / "a.jsonl", [{"problem": "2+2?", "gold": "4", "response": [RIGHT, OTHER]}]
    )
    done = passk(
        "compare", path.name, "--with", path.name, "--out", "c.html", "--tables", "t", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "solved by both 1" in done.stdout
    page = (tmp_path / "c.html").read_text()
    assert "What was read" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    assert (tmp_path / "t" / "counts.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.jsonl", "--with", "none.jsonl"], "none.jsonl: no such file"),
        (["a.jsonl", "--with", "a.jsonl", "--as", "lmeval"], "lm-eval"),
        (["a.jsonl", "--with", "a.jsonl", "--missing", "skip"], "legal: drop, unknown, wrong"),
        (["a.jsonl", "--with", "a.jsonl", "--column", "golds=x"], "kind of column"),
        (["a.jsonl", "--with", "a.jsonl", "--column", "gold=x[1"], "not a path"),
        (["a.jsonl", "--with", "a.jsonl", "--where", "set"], "NAME=VALUE"),
        (["a.jsonl", "--with", "a.jsonl", "--stop", ""], "empty string"),
        (["a.jsonl", "--with", "a.jsonl", "--name", "one"], "--name"),
        (["a.jsonl", "--with", "a.jsonl", "--min-n", "9"], "min_n = 9"),
        (["a.jsonl", "--with", "a.jsonl", "--counts"], "no column of n"),
        (["a.jsonl", "--with", "a.jsonl", "--problems", "none.json"], "none.json: no such file"),
        (["a.jsonl", "--with", "a.jsonl", "--domain", "chess"], "legal: code, math, visual"),
        (["a.jsonl", "--with", "a.jsonl", "--domain", "code"], "name its file with --problems"),
        (["a.jsonl", "--with", "a.jsonl", "--packages", "numpy"], "--packages: without effect"),
        (["a.jsonl", "--with", "a.jsonl", "--counts", "--domain", "code"], "--domain: without"),
    ],
)  # fmt: skip
def test_wrong_uses_are_one_line(tmp_path, arguments, message):
    write(tmp_path / "a.jsonl", [{"problem": "2+2?", "gold": "4", "response": [RIGHT, OTHER]}])
    done = passk("compare", *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "comparison.html").exists()


HEAVY = (
    "torch", "transformers", "trl", "peft", "accelerate", "datasets", "tokenizers", "dvc",
    "dvc_data", "snakemake", "mlflow", "great_expectations",
)  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "a.jsonl", "--with", "a.jsonl"],
        ["import", "a.jsonl"],
        ["judge", "a.jsonl", "--out", "v.parquet"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_neither_training_nor_an_engine_needs_to_be_installed(tmp_path, arguments):
    write(tmp_path / "a.jsonl", [{"problem": "2+2?", "gold": "4", "response": [RIGHT, OTHER]}])
    code = (
        f"import sys\nsys.modules.update(dict.fromkeys({HEAVY!r}))\n"
        f"sys.argv = ['passk', *{arguments!r}]\nfrom passk.cli.app import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_missing_extra_is_named(tmp_path):
    code = (
        "import sys\nsys.modules['dvc'] = None\n"
        "sys.argv = ['passk', 'new', 'x', '--like', 'smoke']\n"
        "from passk.cli.app import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "passk: needs dvc.repo: pip install 'passk[study]'"


def counted(path, sizes, other=None, min_n=1):
    """Both sides counted: n of each problem; another n for the candidate, where it is given."""
    for side, kept in (("a", sizes), ("b", other or sizes)):
        rows = "".join(f"{name},{n},1\n" for name, n in kept.items())
        (path / f"{side}.csv").write_text(f"problem,n,correct\n{rows}")
    files = ComparedFiles([path / "a.csv"], [path / "b.csv"], min_n=min_n)
    return count_files(files, [{}, {}])


LABELS = {REFERENCE: "7{B}", CANDIDATE: "PPO"}


def page_of(counts):
    least = int(counts["n"].min())
    answers = answer(counts, settings.analysis(least, 100, 0.95), seed=0)
    return report_context(answers, LABELS, ReadSamples(), "Title")


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (".", "is replaced whole"),
        ("..", "is replaced whole"),
        ("runs", "is replaced whole"),
        ("mine", "holds notes.txt"),
        ("a.jsonl", "a file"),
        ("own", None),
        ("new/er", None),
    ],
)
def test_only_a_folder_of_our_own_is_replaced(tmp_path, monkeypatch, tables, message):
    for folder, name in (("mine", "notes.txt"), ("own", "counts.parquet"), ("runs/x", "b.jsonl")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / name).touch()
    (tmp_path / "a.jsonl").touch()
    monkeypatch.chdir(tmp_path)
    files = ComparedFiles([Path("a.jsonl")], [Path("runs/x/b.jsonl")])
    if message is None:
        check_outputs(Path("c.html"), Path(tables), files)
        return
    with pytest.raises(RecordedError, match=message):
        check_outputs(Path("c.html"), Path(tables), files)


def test_the_page_never_takes_the_place_of_an_input(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("folder.html").mkdir()
    files = ComparedFiles([Path("a.html")], [Path("b")], problems=Path("p.html"))
    for out in ("a.html", "../" + tmp_path.name + "/p.html", "folder.html", "page.jsonl"):
        with pytest.raises(RecordedError, match="--out"):
            check_outputs(Path(out), None, files)


def test_a_subset_is_not_judged_where_one_side_has_more_samples(tmp_path):
    few, many = dict.fromkeys("abcdefgh", 2), dict.fromkeys("abcdefgh", 8)
    same, more = counted(tmp_path, few).counts, counted(tmp_path, few, many).counts
    assert page_of(same).params.judged_claims == ["crossover", "subset"]
    assert page_of(more).params.judged_claims == ["crossover"]
    assert not list(notes.unequal_n(same, LABELS))
    (note,) = notes.unequal_n(more, LABELS)
    assert "7{B} has 2, PPO has 8" in note


def test_a_page_of_two_files_calls_sides_by_their_names_and_no_command(tmp_path):
    page = render_page(page_of(counted(tmp_path, dict.fromkeys("abcdefgh", 2)).counts), {})
    assert "PPO − 7{B}" in page
    assert "7{B} overtakes PPO" in page
    for other in ("passk explain", "RL", "base model", "base only"):
        assert other not in page


def test_the_problem_that_limits_k_is_named(tmp_path):
    sizes = {"a": 8, "b": 8, "z": 2}
    pair, rest = counted(tmp_path, sizes), counted(tmp_path, sizes, min_n=8)
    (note,) = notes.limiting_n(pair.counts, pair.problems)
    assert "problem 'z' has only 2 samples" in note
    assert "--min-n 8 leaves it out" in note
    assert not list(notes.limiting_n(rest.counts, rest.problems))


def test_counts_with_few_samples_are_left_out_and_counted(tmp_path):
    pair = counted(tmp_path, {"a": 8, "b": 8, "c": 2}, min_n=4)
    assert solved(pair.counts, REFERENCE) == [(8, 1, 0), (8, 1, 0)]
    assert pair.reads[REFERENCE].only == 1
    with pytest.raises(RecordedError, match="the most is 8"):
        counted(tmp_path, {"a": 8, "c": 2}, min_n=9)


def test_verdicts_are_counted(tmp_path):
    rows = [
        {"draw": "a", "set": "a", "problem_id": "p", "sample_index": i, "verdict": verdict}
        for i, verdict in enumerate(("correct", "wrong", "unknown", "correct"))
    ]
    path = write(tmp_path / "v.jsonl", rows)
    pair = count_files(ComparedFiles([path], [path]), [{}, {}])
    assert solved(pair.counts, REFERENCE) == [(4, 2, 1)]


def test_a_format_of_another_domain_is_named_with_the_option(tmp_path):
    row = {"pid": "1", "query": "q", "question": "q", "response": "A", "answer": "A"}
    path = write(tmp_path / "output_m.jsonl", [row])
    with pytest.raises(RecordedError, match="another domain: --domain visual --problems FILE"):
        compared(path, path)
    with pytest.raises(RecordedError, match="name its file with --problems"):
        compared(path, path, domain="visual")


def test_answers_about_images_are_compared_beside_their_problems(tmp_path):
    problems = write(tmp_path / "p.jsonl", [
        {"pid": "x", "answer": "two", "answer_type": "text", "choices": ["one", "two"]},
        {"pid": "y", "answer": 6, "answer_type": "integer"},
        {"pid": "z", "answer": "3.5", "answer_type": "float", "precision": 1},
    ])  # fmt: skip
    sides = {"a": ("B", "6", "3.46"), "b": ("A", "6", "3")}
    paths = [
        write(tmp_path / f"{side}.jsonl", [
            {"pid": pid, "response": f"The answer is {answer}.", "correct": True}
            for pid, answer in zip("xyz", answers, strict=True)
        ])
        for side, answers in sides.items()
    ]  # fmt: skip
    pair = compared(*paths, problems=problems, domain="visual")
    assert solved(pair.counts, REFERENCE) == [(1, 1, 0)] * 3
    assert solved(pair.counts, CANDIDATE) == [(1, 0, 0), (1, 1, 0), (1, 0, 0)]
    agreed = pair.reads[CANDIDATE].agreement
    assert (agreed.graded, agreed.right_there) == (3, 2)


def test_programs_are_compared_by_tests(tmp_path):
    tests = {"entry": "add", "inputs": ["[1,2]"], "expected": ["3"]}
    problems = write(tmp_path / "p.jsonl", [
        {"task_id": "add", "prompt": "def add(x, y):\n", "tests": tests},
        {"task_id": "other", "prompt": "", "tests": tests},
    ])  # fmt: skip
    right, wrong = "def add(x, y): return x + y", "def add(x, y): return x"
    base = write(tmp_path / "a.jsonl", [
        {"task_id": "add", "completion": "    return x + y"}, {"task_id": "add", "solution": wrong},
        {"task_id": "other", "solution": right},
    ])  # fmt: skip
    tuned = write(tmp_path / "b.jsonl", [{"task_id": "add", "solution": right}] * 2)
    pair = compared(base, tuned, problems=problems, domain="code")
    assert solved(pair.counts, REFERENCE) == [(2, 1, 0)]
    assert solved(pair.counts, CANDIDATE) == [(2, 2, 0)]
    assert pair.reads[REFERENCE].only == 1
    assert list(pair.problems.values()) == ["add"]
    with pytest.raises(RecordedError, match="no problem has 3 samples on both sides"):
        compared(base, tuned, problems=problems, domain="code", min_n=3)


def test_ids_that_number_rows_are_refused_unless_they_are_named(tmp_path):
    rows = [{"id": i, "problem": f"{i // 4}?", "gold": "4", "response": RIGHT} for i in range(12)]
    path = write(tmp_path / "a.jsonl", rows)
    with pytest.raises(RecordedError, match=r"a\.jsonl: 9 of 12 rows ask what another one asks"):
        compared(path, path)
    by_question = compared(path, path, reading=LogReading(fields={"problem": "problem"}))
    assert solved(by_question.counts, REFERENCE) == [(4, 4, 0)] * 3
    by_id = compared(path, path, reading=LogReading(fields={"problem": "id"}))
    assert solved(by_id.counts, REFERENCE) == [(1, 1, 0)] * 12


def test_other_words_are_told(tmp_path):
    rows = [{"id": i, "problem": f"{i}?", "gold": "4", "response": RIGHT} for i in range(12)]
    path = write(tmp_path / "a.jsonl", rows)
    others = write(tmp_path / "b.jsonl", [row | {"problem": f"Q {row['id']}"} for row in rows])
    (reworded,) = compared(path, others).notes
    assert reworded == "12 problems are asked in other words by the two sides; told by their ids"


@pytest.mark.parametrize(("sets", "sentences"), [(2, 2), (6, 2)])
def test_the_finding_speaks_of_every_set(tmp_path, sets, sentences):
    rows = "".join(f"{p},2,{p % 2},s{p % sets}\n" for p in range(4 * sets))
    (tmp_path / "a.csv").write_text(f"problem,n,correct,set\n{rows}")
    files = ComparedFiles([tmp_path / "a.csv"], [tmp_path / "a.csv"])
    said = to_text(state_finding(page_of(count_files(files, [{}, {}]).counts)))
    assert all(f"s{number} (" in said for number in range(sets))
    assert said.count("On s") == (sets if sets < 5 else 0)
    assert said.count(". ") + 1 == sentences


def test_options_about_samples_are_refused_for_counts():
    check_ignored({"--stop": [], "--as": None})
    with pytest.raises(RecordedError, match="--stop: without effect with --counts"):
        check_ignored({"--as": None, "--stop": ["x"]})


@pytest.mark.slow
def test_a_study_of_the_same_files_has_the_same_numbers(tmp_path):
    """The set is called as in a comparison, for its name is part of the bootstrap's streams."""
    done = passk("new", "study", "--like", "compare", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "study"
    text = (folder / "study.yaml").read_text()
    text = text.replace("  pair:\n", "  all:\n").replace("sets: {pair: {}}", "sets: {all: {}}")
    text = text.replace("pair/", "all/").replace("[pair]", "[all]")
    text = text.replace("data/examples/all/", "data/examples/pair/")
    (folder / "study.yaml").write_text(text)
    assert passk("compose", cwd=folder).returncode == 0
    subprocess.run([sys.executable, str(ROOT / "tests/run_stages.py")], cwd=folder, check=True)
    samples = ROOT / "data/examples/pair"
    done = passk(
        "compare", str(samples / "base.jsonl"), "--with", str(samples / "rl.jsonl"),
        "--seed", "2025", "--tables", "t", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for question in ("pass_at_k", "difference", "crossover", "coverage", "histogram"):
        ours = pl.read_parquet(tmp_path / "t" / f"{question}.parquet")
        theirs = pl.read_parquet(folder / "data/compare/results" / f"{question}.parquet")
        same = [name for name in ours.columns if name not in {"model", "arm"}]
        key = [name for name in ("draw", "comparison", "k", "bin", "category") if name in same]
        assert ours.select(same).sort(key).equals(theirs.select(same).sort(key)), question
