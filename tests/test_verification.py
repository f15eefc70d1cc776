"""Judging math answers: known answers, equality with Math-Verify, limits, cache."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from math_verify import parse, verify
from tests.conftest import needs_real, real_file

from passk.domains.math.judge import MathJudge
from passk.domains.math.options import MathOptions
from passk.domains.math.worker_limits import WorkerLimits
from passk.domains.math.workers import Pool, WorkerError, WorkerRequest
from passk.domains.registry import DOMAINS
from passk.domains.verdict import Verdict
from passk.domains.verdict_cache import WHOLE, VerdictCache

QWEN = "samples/math_qwen_100x8.jsonl"
REAL = real_file(QWEN)
# Parses in no time and is worked out by nobody: C code that no Python signal handler interrupts.
ENDLESS = "9^{9^{9^{9}}}+1"


@pytest.fixture(scope="module")
def judge():
    with MathJudge(MathOptions(), limits=WorkerLimits(count=1)) as one:
        yield one


def verdicts(judge, golds, texts, cut=None):
    return [(v.verdict, v.reason) for v in judge(golds, texts, cut)]


# ------------------------------------------------------------------------- known answers


@needs_real(QWEN)
def test_real_responses_get_math_verifys_own_verdicts(judge):
    rows = [json.loads(line) for line in REAL.read_text().splitlines()]
    golds = [row["gt"] for row in rows for _ in row["response"]]
    texts = [text for row in rows for text in row["response"]]
    ours = [v.verdict == "correct" for v in judge(golds, texts)]
    theirs = [
        verify(parse(f"${row['gt']}$"), parse(text)) for row in rows for text in row["response"]
    ]
    assert ours == theirs
    recorded = [grade for row in rows for grade in row["score"]]
    assert [i // 8 for i in range(800) if ours[i] != recorded[i]] == [72]
    solved = [sum(ours[8 * i : 8 * i + 8]) for i in range(100)]
    assert sum(solved) / 800 == 0.91125
    assert solved.count(0) == 3


@pytest.mark.parametrize(
    ("gold", "text", "expected"),
    [
        (r"\frac{1}{2}", r"so \boxed{0.5}", ("correct", "equal")),
        (r"\frac{1}{2}", r"so \boxed{\frac{2}{4}}", ("correct", "equal")),
        ("04732", r" reverse=1 \boxed{04732}", ("correct", "equal")),
        ("04732", r" reverse=1 \boxed{04723}", ("wrong", "different")),
        ("10{,}000", r"\boxed{10000}", ("correct", "equal")),
        ("x+1", r"\boxed{1+x}", ("correct", "equal")),
        ("28", r"\boxed{\sqrt{34}+3\sqrt{10}}", ("wrong", "different")),
        ("3", r"First \(\boxed{2}\). But no: it is \(\boxed{3}\).", ("correct", "equal")),
        ("3", "The answer is 3.", ("correct", "equal")),
        ("3", r"It is 3: \boxed{?}", ("wrong", "answer not readable")),
        ("3", "I cannot say.", ("wrong", "no answer found")),
        ("3", "", ("wrong", "no answer found")),
    ],
)
def test_verdicts(judge, gold, text, expected):
    assert verdicts(judge, [gold], [text]) == [expected]


def test_a_response_cut_short_without_an_answer_is_unknown_not_wrong(judge):
    texts = ["so 3 + 4 =", r"so \boxed{7}, and on and", r"so \boxed{\frac{7}{1}", "so 3 + 5 ="]
    assert verdicts(judge, ["7"] * 4, texts, [True, True, True, False]) == [
        ("unknown", "truncated"),
        ("correct", "equal"),
        ("unknown", "truncated"),
        ("wrong", "different"),
    ]


def test_a_gold_in_which_nothing_is_found_makes_unknown(judge):
    assert verdicts(judge, ["$$"], [r"\boxed{x}"])[0][0] == "unknown"


# ---------------------------------------------------------------------------- invariances


def test_order_and_repetition_change_no_verdict(judge):
    golds = ["1", "x", r"\sqrt{2}", "1", "7"]
    texts = [r"\boxed{1}", r"\boxed{y}", r"\boxed{2^{1/2}}", r"\boxed{2}", "it is 7"]
    forward = judge(golds, texts)
    assert judge(golds[::-1], texts[::-1]) == forward[::-1]
    assert judge(golds * 3, texts * 3) == forward * 3
    assert judge([], []) == []


def test_grader_name_follows_the_options():
    assert MathOptions().grader() == MathOptions().grader()
    assert MathOptions().grader() != MathOptions(float_rounding=3).grader()
    assert MathOptions().grader().startswith("math-verify 0.9.0 ")


# ---------------------------------------------------------------------------- hard limits


def test_an_overrun_is_unknown_and_its_worker_replaced():
    requests = [
        WorkerRequest("1", "2 x", True),
        WorkerRequest("1", ENDLESS, True),
        WorkerRequest("1", "3 x", True),
    ]
    begun = time.monotonic()
    with Pool(MathOptions(), WorkerLimits(timeout=1.0, count=1)) as pool:
        found = dict(pool.judge(requests))
        (pid,) = pool.pids
    assert found[0].verdict == found[2].verdict == "wrong"
    assert found[1] == Verdict("unknown", "timeout", None)
    assert time.monotonic() - begun < 30
    with pytest.raises(ProcessLookupError):  # nothing is left behind
        os.kill(pid, 0)


def test_a_crash_is_unknown_and_the_others_are_judged():
    requests = [WorkerRequest("1", f"{i} x", True) for i in range(40)]
    with Pool(MathOptions(), WorkerLimits(count=1)) as pool:
        found = {}
        for number, verdict in pool.judge(requests):
            if not found:
                os.kill(pool.pids[0], signal.SIGKILL)
            found[number] = verdict
    assert len(found) == 40
    faults = [v for v in found.values() if v.verdict == "unknown"]
    assert len(faults) <= 1  # the item at which it was
    assert all(v.reason.startswith("grader fault") for v in faults)
    assert sum(v.verdict == "wrong" for v in found.values()) >= 39


def test_a_stopped_worker_is_killed_from_outside(monkeypatch):
    monkeypatch.setattr("passk.domains.math.workers._GRACE", 0.5)
    with Pool(MathOptions(), WorkerLimits(timeout=0.5, count=1)) as pool:
        list(pool.judge([WorkerRequest("1", "x", True)]))
        os.kill(pool.pids[0], signal.SIGSTOP)  # neither judges nor hears its alarm
        assert dict(pool.judge([WorkerRequest("1", "y", True)]))[0].reason == "timeout"


def test_a_grader_that_does_not_start_is_an_error(monkeypatch):
    monkeypatch.setattr("passk.domains.math.worker.__name__", "passk.domains.no_such_module")
    with pytest.raises(WorkerError, match="no_such_module"), Pool(MathOptions()) as pool:
        list(pool.judge([WorkerRequest("1", "x", True)]))


def test_long_responses_block_no_pipe():
    texts = [f"{'so on ' * 20_000} {i}" for i in range(8)]
    with Pool(MathOptions(), WorkerLimits(count=2)) as pool:
        found = dict(pool.judge([WorkerRequest("5", text, False) for text in texts]))
    assert [found[i].verdict for i in range(8)] == ["wrong"] * 5 + ["correct"] + ["wrong"] * 2


def test_a_worker_works_outside_the_main_thread_of_its_parent():
    found = []
    judge = MathJudge(MathOptions(), limits=WorkerLimits(count=1))
    thread = threading.Thread(target=lambda: found.extend(judge(["x"], [r"\boxed{y}"])))
    thread.start()
    thread.join()
    assert [v.verdict for v in found] == ["wrong"]


# ---------------------------------------------------------------------------------- cache

RIGHT, UNSURE = Verdict("correct", "equal", "1"), Verdict("unknown", "timeout", None)


def test_unknown_is_never_kept_and_graders_share_nothing(tmp_path):
    with VerdictCache(tmp_path, "one") as cache:
        cache.put(cache.key("1", "a", True), RIGHT)
        cache.put(cache.key("1", "b", True), UNSURE)
        cache.put(cache.key("1", "c", True), WHOLE)
    again = VerdictCache(tmp_path, "one")
    assert len(again) == 2
    assert again.get(again.key("1", "a", True)) == RIGHT
    assert again.get(again.key("1", "a", False)) is None
    assert again.get(again.key("2", "a", True)) is None
    assert len(VerdictCache(tmp_path, "two")) == 0


def test_a_filled_cache_starts_no_worker(tmp_path, monkeypatch):
    golds, texts = ["x", "x", "{}= 7 text"], [r"\boxed{y}", "say x", r"\boxed{{}= 7 text}"]
    options = MathOptions()
    with MathJudge(options, VerdictCache(tmp_path, options.grader())) as one:
        first = one(golds, texts)
    monkeypatch.setattr(subprocess, "Popen", None)
    with MathJudge(options, VerdictCache(tmp_path, options.grader())) as one:
        assert one(golds, texts) == first


def test_damage_is_detected_and_told(tmp_path, capsys):
    with VerdictCache(tmp_path, "g") as cache:
        for text in "abc":
            cache.put(cache.key("1", text, True), RIGHT)
    (path,) = tmp_path.glob("*/*.jsonl")
    lines = path.read_text().splitlines(keepends=True)
    torn = lines[2][:20]  # as kill -9 leaves it: no complaint
    path.write_text(lines[0] + lines[1].replace("correct", "wrong") + torn)
    again = VerdictCache(tmp_path, "g")
    assert [again.get(again.key("1", t, True)) for t in "abc"] == [RIGHT, None, None]
    assert "first line 2" in capsys.readouterr().err


def _fill(folder, start):
    with VerdictCache(folder, "g") as cache:
        for i in range(start, start + 200):
            cache.put(cache.key("1", str(i), True), RIGHT)


def test_processes_write_at_once_and_many_files_become_one(tmp_path):
    context = multiprocessing.get_context("fork")
    jobs = [context.Process(target=_fill, args=(tmp_path, 100 * i)) for i in range(3)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert len(VerdictCache(tmp_path, "g")) == 400
    for i in range(20):
        with VerdictCache(tmp_path, "g") as cache:
            cache.put(cache.key("2", str(i), True), RIGHT)
    assert len(VerdictCache(tmp_path, "g")) == 420
    assert len(list(tmp_path.glob("*/*.jsonl"))) < 20


def test_kill_9_keeps_what_was_judged(tmp_path):
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from passk.domains.verdict_cache import VerdictCache
from passk.domains.registry import DOMAINS
from passk.domains.verdict import Verdict
cache = VerdictCache(Path({str(tmp_path)!r}), "g")
for i in range(100):
    cache.put(cache.key("1", str(i), True), Verdict("correct", "equal", "1"))
print("done", flush=True)
input()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline()
    process.kill()
    process.communicate()
    assert len(VerdictCache(tmp_path, "g")) == 100


# ---------------------------------------------------------------------------------- speed


def test_a_hundred_thousand_short_responses_take_seconds():
    golds = [f"{i % 1000:05}" for i in range(100_000)]
    texts = [rf" add3={i % 7001:05} \boxed{{{i % 7001:05}}}" for i in range(100_000)]
    begun = time.monotonic()
    with MathJudge(MathOptions()) as judge:
        found = judge(golds, texts)
    assert sum(v.verdict == "correct" for v in found) == sum(
        i % 1000 == i % 7001 for i in range(100_000)
    )
    assert time.monotonic() - begun < 10


# ---------------------------------------------------------------------------------- libraries

JUDGING = """
import sys
from importlib.metadata import packages_distributions
from passk.domains.math import antlr, mathverify
from passk.domains.math.options import MathOptions
assert mathverify.judge("x^2", r"so $x \\cdot x$", False, MathOptions()).verdict == "correct"
owners = packages_distributions()
packages = {module.partition(".")[0] for module in sys.modules} - {"antlr4"}  # ours
assert sys.modules["antlr4"].__file__.startswith(str(antlr.VENDOR))
print(*{owner for package in packages for owner in owners.get(package, ())})
"""


def test_a_domain_names_the_libraries_that_decide_its_verdicts():
    """All distributions that a worker has loaded when it has judged, and no others."""
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}{JUDGING}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(loaded.stdout.split()) - {"passk"} == set(DOMAINS["math"].libraries)
    assert DOMAINS["visual"].libraries == DOMAINS["math"].libraries
    assert DOMAINS["code"].libraries == ()
