"""Test problems that stand in a training set: copies, long quotations, and what is compared."""

import polars as pl
import pytest

from passk.data.benchmarks import read_benchmark
from passk.data.contamination import find_overlaps, split_words
from passk.data.expectations.contamination import (
    FRAME,
    compare_sets,
    describe,
    make_expectation,
    make_frame,
)
from passk.data.expectations.results import SuiteResult
from passk.domains.expectations import evaluate

LONG = "A farmer has " + " ".join(f"word{number}" for number in range(20)) + " and asks how many."
PART = "Long ago, a farmer has " + " ".join(f"word{number}" for number in range(20)) + ", said he."


def test_copies_are_found_whatever_their_signs_and_letters():
    training = {0: r"What is $\frac{1}{2}$ of THE sum?"}
    (match,) = find_overlaps(training, {7: "what is frac 1 2 of the  sum", 8: "What is it?"})
    assert (match.index, match.training_index, match.same, match.share) == (7, 0, True, 1.0)


def test_a_run_of_words_is_an_overlap_and_a_shorter_one_is_none():
    (match,) = find_overlaps({3: LONG}, {5: PART}, n=13)
    assert (match.index, match.training_index, match.same) == (5, 3, False)
    runs = len(split_words(PART)) - 12
    assert match.share == pytest.approx(11 / runs)  # of 23 words in common, 11 runs
    assert find_overlaps({3: LONG}, {5: PART}, n=24) == []
    assert find_overlaps({3: LONG}, {5: PART}, share=0.9) == []
    assert find_overlaps({3: LONG}, {5: "A farmer has word0"}) == []  # short: compared whole


def test_the_training_problem_that_shares_most_is_named():
    matches = find_overlaps({0: PART, 1: LONG, 2: PART}, {9: LONG})
    assert [(match.training_index, match.same) for match in matches] == [(1, True)]


def frame(source, *questions):
    return pl.DataFrame(
        {"index": range(len(questions)), "domain": "math", "question": list(questions),
         "source": [f"{source}: {number}" for number in range(len(questions))]}
    )  # fmt: skip


def test_only_published_sets_of_one_domain_are_compared():
    sets = {
        "train": frame("GSM8K", LONG), "test": frame("AIME", PART, "What?"),
        "made": frame("generated world digits, split x", LONG),
        "code": frame("TACO", PART).with_columns(domain=pl.lit("code")),
    }  # fmt: skip
    (result,) = compare_sets(sets, {"train"}, n=13, share=0.0)
    assert (result.training, result.test, result.test_problems) == ("train", "test", 2)
    assert (result.same, result.overlapping, result.short) == (0, 1, 1)
    assert result.problems[0].index == 0
    assert "1 of 2 problems of 'test' stand in the training set 'train'" in next(describe([result]))
    assert compare_sets(sets, {"made"}, n=13, share=0.0) == []


def test_an_error_names_the_sets_and_a_suite_without_pairs_keeps_its_bytes():
    sets = {"train": frame("GSM8K", LONG), "test": frame("AIME", LONG)}
    results = compare_sets(sets, {"train"}, n=13, share=0.0)
    (found,) = evaluate({FRAME: make_frame(results)}, [make_expectation(13)])
    assert not found.success
    assert (found.rows[0]["training"], found.rows[0]["test"]) == ("train", "test")
    suite = SuiteResult(kind="problems", success=True, expectations=())
    assert "contamination" not in suite.dump()
    whole = SuiteResult(kind="problems", success=True, expectations=(), contamination=results)
    assert '"same": 1' in whole.dump()


def test_real_sets(real):
    def questions(name):
        problems = read_benchmark(name, real / f"math/{name}.jsonl")
        return {index: problem.question for index, problem in enumerate(problems)}

    assert find_overlaps(questions("gsm8k"), questions("math500")) == []
    math500 = questions("math500")
    assert len(find_overlaps(math500, math500)) == 500
