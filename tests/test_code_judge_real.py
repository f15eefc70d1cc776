"""HumanEval+: its canonical solutions are right, also on a busy machine, and mutants wrong."""

import gzip
import json
import multiprocessing
from collections import Counter

import pytest
from tests.conftest import real_file

from passk.data.benchmarks import read_benchmark
from passk.domains.code.judge import CodeJudge
from passk.domains.code.options import CodeOptions
from passk.domains.code.readers.references import with_expected
from program_mutants import KINDS, broken

pytestmark = pytest.mark.long

FILE = real_file("code/HumanEvalPlus-v0.1.10.jsonl.gz")
# Eight problems take nine tenths of the time: large inputs.
HEAVY = {f"HumanEval/{number}" for number in (15, 36, 59, 83, 94, 100, 130, 139)}


@pytest.fixture(scope="module")
def light():
    return with_expected(
        [one for one in read_benchmark("humaneval_plus", FILE) if one.name not in HEAVY]
    )


@pytest.fixture(scope="module")
def all_problems(light):
    heavy = with_expected(
        [one for one in read_benchmark("humaneval_plus", FILE) if one.name in HEAVY]
    )
    return light + heavy


def verdicts(problems, programs, **options):
    with CodeJudge(CodeOptions(**options), calibration=None) as judge:
        return judge.programs([one.tests.dump() for one in problems], programs)


def wrong(problems, found, verdict):
    return [
        (problem.name, one.reason)
        for problem, one in zip(problems, found, strict=True)
        if one.verdict != verdict
    ]


def mutants(problems):
    """A broken program for each problem, judged broken on the original tests' inputs."""
    with gzip.open(FILE, "rt", encoding="utf-8") as stream:
        rows = {one["task_id"]: one for one in map(json.loads, stream)}
    return [
        broken(one.answer, one.tests.entry, rows[one.name]["base_input"], number)
        for number, one in enumerate(problems)
    ]


def test_canonical_solutions_are_right_on_all_tests(light):
    found = verdicts(light, [one.answer for one in light], all_tests=True)
    assert wrong(light, found, "correct") == []


def test_canonical_solutions_are_right_until_the_first_failure(light):
    assert wrong(light, verdicts(light, [one.answer for one in light]), "correct") == []


def test_mutants_are_wrong(light):
    made = mutants(light)
    assert len(Counter(kind for kind, _ in made)) >= len(KINDS) - 1
    assert wrong(light, verdicts(light, [program for _, program in made]), "wrong") == []


@pytest.mark.slow
def test_all_mutants_are_wrong(all_problems):
    made = [program for _, program in mutants(all_problems)]
    assert wrong(all_problems, verdicts(all_problems, made), "wrong") == []


def _spin():
    while True:
        pass


@pytest.mark.slow
def test_canonical_solutions_are_right_ten_times_on_a_busy_machine(all_problems):
    busy = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(2)]
    for one in busy:
        one.start()
    try:
        with CodeJudge(CodeOptions(), calibration=None) as judge:
            golds = [one.tests.dump() for one in all_problems]
            for _ in range(10):
                found = judge.programs(golds, [one.answer for one in all_problems])
                assert wrong(all_problems, found, "correct") == []
    finally:
        for one in busy:
            one.kill()
            one.join()
