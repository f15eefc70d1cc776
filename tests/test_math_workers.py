"""Worker processes of the math judge: limits, crashes, streams, speed; verdicts need none of it."""

import os
import random
import signal
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Sequence

import pytest

from passk.domains.math.judge import MathJudge
from passk.domains.math.judgement import judge_without_algebra
from passk.domains.math.options import MathOptions
from passk.domains.math.worker_limits import WorkerLimits
from passk.domains.math.workers import Pool, WorkerError, WorkerRequest
from passk.domains.verdict import Verdict
from passk.domains.verdict_cache import VerdictCache

# Parses in no time and is worked out by nobody: C code that no Python signal handler interrupts.
ENDLESS = "9^{9^{9^{9}}}+1"


# ---------------------------------------------------------------------------- hard limits


def test_an_overrun_is_unknown_and_its_worker_replaced():
    requests = [
        WorkerRequest("1", "2 x"),
        WorkerRequest("1", ENDLESS),
        WorkerRequest("1", "3 x"),
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
    requests = [WorkerRequest("1", f"{i} x") for i in range(40)]
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


def test_a_stopped_worker_is_killed_from_outside_and_its_item_judged_by_another(monkeypatch):
    monkeypatch.setattr("passk.domains.math.workers._GRACE", 0.5)
    with Pool(MathOptions(), WorkerLimits(wall=1.0, count=1)) as pool:
        list(pool.judge([WorkerRequest("1", "x")]))
        os.kill(pool.pids[0], signal.SIGSTOP)  # neither judges nor hears its alarm
        assert dict(pool.judge([WorkerRequest("1", "y")]))[0].verdict == "wrong"


def test_wall_time_ends_an_item_at_its_second_trial_and_decides_nothing():
    requests = [WorkerRequest("1", ENDLESS), WorkerRequest("1", "x")]
    with Pool(MathOptions(), WorkerLimits(timeout=60.0, wall=0.5, count=1)) as pool:
        results = list(pool.judge(requests))
    assert [key for key, _ in results] == [1, 0]  # the overrun comes once more, at the end
    assert results[1][1] == Verdict("unknown", "timeout", None)


def test_time_that_others_take_makes_no_time_out():
    """The worker stands still for longer than an answer may take, as on a busy machine."""
    terms = "+".join(f"{n}x^{{{n}}}" for n in range(1, 15))
    with Pool(MathOptions(), WorkerLimits(timeout=1.0, count=1)) as pool:
        list(pool.judge([WorkerRequest("1", "x")]))
        (pid,) = pool.pids
        stops = [
            threading.Timer(0.05, os.kill, (pid, signal.SIGSTOP)),
            threading.Timer(1.5, os.kill, (pid, signal.SIGCONT)),
        ]
        for stop in stops:
            stop.start()
        begun = time.monotonic()
        verdict = dict(pool.judge([WorkerRequest(terms + "+7", terms)]))[0]
        assert time.monotonic() - begun > 1.2
        assert pool.pids == [pid]
    assert verdict.verdict == "wrong"


def test_a_grader_that_does_not_start_is_an_error(monkeypatch):
    monkeypatch.setattr("passk.domains.math.worker.__name__", "passk.domains.no_such_module")
    with pytest.raises(WorkerError, match="no_such_module"), Pool(MathOptions()) as pool:
        list(pool.judge([WorkerRequest("1", "x")]))


def test_long_answers_block_no_pipe():
    answers = [f"{'so on ' * 20_000} {i}" for i in range(8)]
    with Pool(MathOptions(), WorkerLimits(count=2)) as pool:
        verdicts = dict(pool.judge([WorkerRequest("5", answer) for answer in answers]))
    assert {verdict.verdict for verdict in verdicts.values()} == {"wrong"}
    assert [verdicts[i].answer for i in range(8)] == answers


def test_a_worker_works_outside_the_main_thread_of_its_parent():
    found = []
    judge = MathJudge(MathOptions(), limits=WorkerLimits(count=1))
    thread = threading.Thread(target=lambda: found.extend(judge(["x"], [r"\boxed{y}"])))
    thread.start()
    thread.join()
    assert [v.verdict for v in found] == ["wrong"]


# ------------------------------------------------------------------- halves of characters


def test_half_of_a_character_ends_no_run(tmp_path):
    golds = ["12", "1\ud8002", "x\ud83d\ude00", "12", "x", "3"]
    texts = [
        "so \ud83d \\boxed{12}", r"\boxed{12}", "\\boxed{x\U0001f600}", "\\boxed{1\ud83d2}",
        "\\boxed{y\udc00}", "\ud83d and 3",
    ]  # fmt: skip
    options = MathOptions()
    with MathJudge(options, VerdictCache(tmp_path, options.grader())) as one:
        first = one(golds, texts)
        assert [v.verdict for v in first][::5] == ["correct", "correct"]
        assert all((v.answer or "").encode() is not None for v in first)
        assert one(golds, texts) == first
    requests = [WorkerRequest(g, t) for g, t in zip(golds, texts, strict=True)]
    with Pool(options, WorkerLimits(count=1)) as pool:
        assert len(dict(pool.judge(requests))) == len(texts)


# ---------------------------------------------------------------------------------- cache


def test_a_filled_cache_starts_no_worker(tmp_path, monkeypatch):
    golds, texts = ["x", "x", "{}= 7 text"], [r"\boxed{y}", "say x", r"\boxed{{}= 7 text}"]
    options = MathOptions()
    with MathJudge(options, VerdictCache(tmp_path, options.grader())) as one:
        first = one(golds, texts)
    monkeypatch.setattr(subprocess, "Popen", None)
    with MathJudge(options, VerdictCache(tmp_path, options.grader())) as one:
        assert one(golds, texts) == first


# -------------------------------------------------------------------------- without algebra

ANSWERS = (
    "12", "-5", "0.5", "1/2", r"\frac{1}{2}", "x", "x+1", "1+x", "A", "(A)", "(1,2)", "[1,2)",
    r"\{1,2\}", "2,1", "x=3", "x<3", "3>x", "yes", "Monday", r"50\%", r"5\text{ cm}", "50 mm",
    "52_8",
    "3:4", r"2\sqrt{3}", r"\sqrt{12}", r"\begin{pmatrix}1\\2\end{pmatrix}", "1,000", "4.5e3", "?",
)  # fmt: skip


def test_what_is_decided_without_algebra_is_what_a_worker_says():
    requests = [WorkerRequest(gold, answer) for gold in ANSWERS for answer in ANSWERS]
    plain = [judge_without_algebra(*request, MathOptions()) for request in requests]
    decided = [number for number, verdict in enumerate(plain) if verdict is not None]
    assert len(decided) > len(requests) / 2
    with Pool(MathOptions()) as pool:
        verdicts = dict(pool.judge([requests[number] for number in decided]))
    different = {
        requests[number]: (plain[number], verdicts[position])
        for position, number in enumerate(decided)
        if plain[number] != verdicts[position]
    }
    assert different == {}


TOKENS = (
    "1", "12", "9" * 30, "x", "a", " ", ",", "(", ")", "[", "]", "{", "}", r"\frac", r"\sqrt", "^",
    "_", "=", "<", r"\le", r"\text{", "+", "-", r"\cdot", "/", r"\%", "$", ".", "and", r"\cup",
    r"\in", r"\left", r"\right", r"\begin{pmatrix}", r"\end{pmatrix}", r"\\", "&", "mod", r"\pm",
    "!",
    "'", "|", ":", r"\circ", "cm", "million", "not", "e", "0.", r"\overline{3}", "...", "答案", "½",
    r"\boxed{",
)  # fmt: skip


def test_no_text_is_long_to_look_at_without_a_worker():
    """Outside of a worker nothing ends a pattern that takes for ever."""
    draw = random.Random(1)

    def text():
        tokens = draw.sample(TOKENS, draw.randrange(1, 8)) if draw.random() < 0.6 else TOKENS
        return "".join(draw.choices(tokens, k=draw.randrange(1, 60)))[:200]

    begun = time.process_time()
    for _ in range(600):
        judge_without_algebra(text(), text(), MathOptions())
    assert time.process_time() - begun < 5


def test_numbers_and_words_start_no_worker(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    golds = ["7", r"\frac{1}{2}", "Monday", "(1,2)"]
    texts = ["It is 7.", r"\boxed{0.5}", r"\boxed{\text{Monday}}", r"\boxed{(1, 3)}"]
    with MathJudge(MathOptions()) as one:
        assert [v.verdict for v in one(golds, texts)] == ["correct"] * 3 + ["wrong"]


# ---------------------------------------------------------------------------------- speed


def test_a_hundred_thousand_short_responses_take_seconds():
    golds = [f"{i % 1000:05}" for i in range(100_000)]
    texts = [rf" add3={i % 7001:05} \boxed{{{i % 7001:05}}}" for i in range(100_000)]
    begun = time.process_time()
    with MathJudge(MathOptions()) as judge:
        found = judge(golds, texts)
    assert sum(v.verdict == "correct" for v in found) == sum(
        i % 1000 == i % 7001 for i in range(100_000)
    )
    assert time.process_time() - begun < 10


class LongTexts(Sequence):
    """Responses that are in memory one at a time."""

    def __len__(self):
        return 2000

    def __getitem__(self, row):
        if row >= len(self):
            raise IndexError
        return f"{row}{FILLER}" + rf"so \boxed{{{row % 50}}}"


FILLER = " so on and on" * 3000  # 39 kB


def test_memory_does_not_grow_with_responses():
    """2,000 of 39 kB are 78 MB."""
    tracemalloc.start()
    with MathJudge(MathOptions()) as judge:
        verdicts = judge(["7"] * len(LongTexts()), LongTexts())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(v.verdict == "correct" for v in verdicts) == 40
    assert peak < 10 << 20
