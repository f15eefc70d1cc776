"""Judging programs: this package beside evalplus 0.3.1, on HumanEval+ v0.1.10.

    python benchmarks/code_judging.py EVALPLUS_PYTHON [--copies 5] [--repeats 5] [--rounds 0]

EVALPLUS_PYTHON is the interpreter of an environment of its own: `python -m venv /tmp/evalplus &&
/tmp/evalplus/bin/pip install evalplus==0.3.1`. No network is used: evalplus reads the file beside
the project, and its expected outputs are computed before it is timed, as are ours.

- Rate: canonical solutions, `copies` of each, 2 processes, all tests run by both, no verdict kept,
  none judged once for several (each copy has a comment of its own); ratios by the clock and by
  processor time (which other work on the machine disturbs less), each the median of `repeats`.
  Beside both, the seconds that the calls alone take, in one process without any harness: what no
  harness can be faster than.
- Verdicts: the same, and a mutant of each solution, broken on purpose; differences are listed.
- The mutants again as each judges by default, stopping at the first failure.
- With `--rounds 10`: canonical solutions that many times while two processes keep both cores busy.
"""

import argparse
import gzip
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "tests/data/real/code/HumanEvalPlus-v0.1.10.jsonl.gz"
sys.path.insert(0, str(ROOT / "tests"))

from passk.data.benchmarks import read_benchmark  # noqa: E402
from passk.domains.benchmark_problem import BenchmarkProblem  # noqa: E402
from passk.domains.code.judge import CodeJudge  # noqa: E402
from passk.domains.code.options import CodeOptions  # noqa: E402
from passk.domains.code.readers.references import with_expected  # noqa: E402
from passk.domains.code.sandbox.values import decode  # noqa: E402
from program_mutants import broken  # noqa: E402  (shared with the tests)
from sandbox import processor_seconds  # noqa: E402  (beside this file)

Programs = list[tuple[str, str]]  # name of the problem, source
Found = list[tuple[bool, str]]  # whether it passed, and what was said

THEIRS = """
import json, os, sys, time
from evalplus.evaluate import evaluate, get_groundtruth
from evalplus.data import get_human_eval_plus, get_human_eval_plus_hash
get_groundtruth(get_human_eval_plus(), get_human_eval_plus_hash(), [])
begun, before = time.perf_counter(), os.times()
evaluate("humaneval", samples=sys.argv[1], parallel=2, test_details=sys.argv[3] == "all")
after = os.times()
spent = sum(after[:4]) - sum(before[:4])
print(json.dumps([time.perf_counter() - begun, spent]), file=open(sys.argv[2], "w"))
"""


def theirs(
    python: str, data: Path, folder: Path, programs: Programs, *, all_tests: bool = True
) -> tuple[float, float, Found]:
    """Seconds, processor seconds and verdicts (name, passed) of evalplus."""
    samples, timed = folder / "samples.jsonl", folder / "timed.json"
    with samples.open("w", encoding="utf-8") as stream:
        for name, program in programs:
            print(json.dumps({"task_id": name, "solution": program}), file=stream)
    results = folder / "samples_eval_results.json"
    results.unlink(missing_ok=True)
    subprocess.run(
        [python, "-c", THEIRS, str(samples), str(timed), "all" if all_tests else "first"],
        env={
            **os.environ,
            "HUMANEVAL_OVERRIDE_PATH": str(data),
            "XDG_CACHE_HOME": str(folder / "cache"),
        },
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    seconds, spent = json.loads(timed.read_text(encoding="utf-8"))
    rows = json.loads(results.read_text(encoding="utf-8"))["eval"]
    places: Counter[str] = Counter()
    verdicts = []
    for name, _ in programs:
        row = rows[name][places[name]]
        places[name] += 1
        statuses = row["base_status"], row["plus_status"]
        failed = next((one for one in statuses if one != "pass"), "pass")
        verdicts.append((failed == "pass", failed))
    return seconds, spent, verdicts


def ours(
    problems: list[BenchmarkProblem], folder: Path, programs: Programs, *, all_tests: bool = True
) -> tuple[float, float, Found]:
    """Seconds, processor seconds and verdicts; time limits are calibrated before."""
    golds = {one.name: one.tests.dump() for one in problems}
    options = CodeOptions(all_tests=all_tests)
    with CodeJudge(options, calibration=folder / "calibration") as judge:
        judge.programs(list(golds.values()), [one.answer for one in problems])  # calibrates
        begun, before = time.perf_counter(), spent(judge)
        found = judge.programs([golds[name] for name, _ in programs], [one for _, one in programs])
        seconds, used = time.perf_counter() - begun, spent(judge) - before
    return seconds, used, [(one.verdict == "correct", one.reason) for one in found]


def spent(judge: CodeJudge) -> float:
    """Processor seconds of this process and of the judge's sandbox."""
    assert judge._sandbox is not None
    return processor_seconds(judge._sandbox)


def bare(problems: list[BenchmarkProblem]) -> float:
    """Processor seconds of the calls alone."""
    spent = 0.0
    for one in problems:
        space: dict = {}
        exec(one.answer, space)
        cases = [decode(case) for case in one.tests.inputs]
        begun = time.process_time()
        for case in cases:
            space[one.tests.entry](*case)
        spent += time.process_time() - begun
    return spent


def differences(programs: Programs, kinds: list[str], one: Found, other: Found) -> list[str]:
    """Programs on which evalplus and this package disagree, with both reasons."""
    return [
        f"  {name} ({kind}): evalplus {a[1]}, ours {'pass' if b[0] else b[1]}"
        for (name, _), kind, a, b in zip(programs, kinds, one, other, strict=True)
        if a[0] != b[0]
    ]


def _spin() -> None:
    while True:
        pass


def under_load(problems: list[BenchmarkProblem], folder: Path, rounds: int) -> list[int]:
    """Correct verdicts on canonical solutions in each round, both cores busy with other work."""
    busy = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(2)]
    for one in busy:
        one.start()
    programs = [(one.name, one.answer) for one in problems]
    try:
        return [
            sum(right for right, _ in ours(problems, folder, programs)[2]) for _ in range(rounds)
        ]
    finally:
        for one in busy:
            one.kill()
            one.join()


def main(python: str, copies: int, repeats: int, rounds: int) -> None:
    """Measure and print."""
    problems = with_expected(read_benchmark("humaneval_plus", FILE))
    with tempfile.TemporaryDirectory() as name, gzip.open(FILE, "rt", encoding="utf-8") as stream:
        folder = Path(name)
        text = stream.read()
        data = folder / "data.jsonl"
        data.write_text(text, encoding="utf-8")
        rows = {row["task_id"]: row for row in map(json.loads, text.splitlines())}
        canonical = [
            (one.name, f"{one.answer}\n# {copy}\n") for one in problems for copy in range(copies)
        ]
        broke = [
            broken(one.answer, one.tests.entry, rows[one.name]["base_input"], number)
            for number, one in enumerate(problems)
        ]
        mutants = [(one.name, made) for one, (_, made) in zip(problems, broke, strict=True)]
        kinds = [kind for kind, _ in broke]
        print(f"calls alone, one process: {bare(problems) * copies:.1f} processor s", flush=True)
        for title, programs, labels, all_tests in (
            ("canonical, all tests", canonical, ["canonical"] * len(canonical), True),
            ("mutants, all tests", mutants, kinds, True),
            ("mutants, to the first failure", mutants, kinds, False),
        ):
            by_clock, by_processor = [], []
            for _ in range(repeats):
                seconds, used, found = ours(problems, folder, programs, all_tests=all_tests)
                their_seconds, their_used, their_found = theirs(
                    python, data, folder, programs, all_tests=all_tests
                )
                by_clock.append(their_seconds / seconds)
                by_processor.append(their_used / used)
            print(
                f"{title}: {len(programs)} programs {dict(Counter(labels))}\n"
                f"  evalplus {their_seconds:.1f} s, {their_used:.1f} processor s; "
                f"{sum(right for right, _ in their_found)} pass\n"
                f"  ours     {seconds:.1f} s, {used:.1f} processor s; "
                f"{sum(right for right, _ in found)} pass\n"
                f"  times as fast: {median(by_clock):.1f} by the clock, "
                f"{median(by_processor):.1f} by processor time"
            )
            differing = differences(programs, labels, their_found, found)
            print("\n".join(differing) or "  no difference", flush=True)
        if rounds:
            print(f"under load, correct of {len(problems)}: {under_load(problems, folder, rounds)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", help="interpreter of evalplus's environment")
    parser.add_argument("--copies", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    main(given.python, given.copies, given.repeats, given.rounds)
