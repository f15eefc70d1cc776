"""The generated world: chains parse exactly, splits never meet, guessing shows up as nothing."""

import random
import sys
from collections import Counter
from dataclasses import replace
from itertools import combinations
from subprocess import run

import pytest
from hypothesis import given
from hypothesis import strategies as st
from math_verify import parse, verify

from passk.domains.math.world.chains import chain_valid, parse_chain, write_chain
from passk.domains.math.world.digits import WIDTH, DigitsWorld
from passk.domains.math.world.functions import CONDITIONS, FUNCTIONS, operation
from passk.domains.math.world.operations import OPERATIONS, inverse
from passk.domains.math.world.questions import (
    FAMILIES,
    DigitsQuestion,
    parse_question,
    write_question,
)
from passk.domains.world import Mixture
from passk.domains.world_sets import problem_set
from passk.domains.worlds import WORLDS

WORLD = DigitsWorld()
MIXTURE = Mixture(dict.fromkeys(FAMILIES, 1.0), {1: 1, 2: 1, 3: 1, 4: 1}, 0.5, 0.6, 0.25)
NUMBERS = st.tuples(*[st.integers(0, 9)] * WIDTH)


def many(split="indomain", families=FAMILIES, levels=(1, 2, 3, 4), size=120, seed=1):
    return problem_set(
        WORLD, split=split, families=families, levels=levels, skew=0.0, size=size, seed=seed
    )


def test_all_modules_of_the_world_have_working_examples():
    names = ("operations", "functions", "questions", "chains")
    modules = [*(f"passk.domains.math.world.{name}" for name in names), "passk.domains.world"]
    code = "import doctest, importlib, sys; sys.exit(sum(doctest.testmod(importlib.import_module("
    code += "m)).failed for m in sys.argv[1:]))"
    assert run([sys.executable, "-c", code, *modules], check=False).returncode == 0


@given(NUMBERS)
def test_operations_are_one_to_one_and_undone_by_their_inverse(number):
    for name, apply in OPERATIONS.items():
        assert OPERATIONS[inverse(name)](apply(number)) == number


def test_operations_differ_so_that_a_wrong_one_rarely_gives_the_right_answer():
    generator = random.Random(0)
    numbers = [tuple(generator.choices(range(10), k=WIDTH)) for _ in range(300)]
    for a in OPERATIONS:
        for b in OPERATIONS:
            same = sum(OPERATIONS[a](x) == OPERATIONS[b](x) for x in numbers)
            assert a == b or same <= 15


def test_both_cases_of_every_function_occur():
    generator = random.Random(0)
    numbers = [tuple(generator.choices(range(10), k=WIDTH)) for _ in range(1000)]
    for name, function in FUNCTIONS.items():
        found = Counter(operation(name, number) for number in numbers)
        assert set(found) == {function.usual, function.otherwise}
        assert min(found.values()) > 300
    assert {f.condition for f in FUNCTIONS.values()} == set(CONDITIONS)


@given(
    st.sampled_from(FAMILIES),
    st.lists(st.sampled_from(list(FUNCTIONS)), min_size=2, max_size=4),
    NUMBERS,
)
def test_a_question_is_read_as_it_was_written(family, names, number):
    names = (names[0],) * len(names) if family == "repeat" else tuple(names)
    question = DigitsQuestion(family, names, number)
    assert parse_question(write_question(question)) == question


@pytest.mark.parametrize(
    "text", ["", "What is 1+1?", "f(12", "f(12))", "x(12345)", "f on", "f^1(12)", "g(h 12345)"]
)
def test_other_questions_and_responses_are_not_judged(text):
    assert parse_question(text) is None
    assert chain_valid(text, r" f:reverse=31284 \boxed{31284}") is None
    assert parse_chain(text) is None
    assert chain_valid("f(48213)", text) is None


def test_every_solution_is_a_valid_chain_that_ends_in_the_answer():
    for problem in many():
        assert chain_valid(problem.question, problem.solution) is True
        chain = parse_chain(problem.solution)
        assert "".join(map(str, chain.answer)) == problem.answer
        assert write_chain(chain) == problem.solution
        assert len(chain.steps) == problem.level
        assert problem.answer[0] != "0"  # a leading zero would vanish in the value


@pytest.mark.parametrize(
    "response",
    [
        r" h:left=82134 g:up=93246 \boxed{93246}",  # a slip
        r" h:left=82134 g:up=93245 \boxed{93246}",  # another answer than the chain's
        r" h:flip=51786 g:up=62897 \boxed{62897}",  # another case of the function
        r" g:up=59324 h:flip=40675 \boxed{40675}",  # another order
        r" h:left=82134 \boxed{82134}",  # a step too few
        r" h:left=82134 g:up=93245 f:reverse=54239 \boxed{54239}",  # a step too many
        r" h:left=82134 g:magic=93245 \boxed{93245}",  # no such operation
    ],
)
def test_a_chain_with_one_fault_is_invalid(response):
    assert chain_valid("g(h(48213))", r" h:left=82134 g:up=93245 \boxed{93245}") is True
    assert chain_valid("g(h(48213))", response) is False


def test_a_right_answer_by_a_wrong_strategy_is_invalid():
    # All digits alike: a turn either way gives the same number.
    assert chain_valid("h(22222)", r" h:left=22222 \boxed{22222}") is True
    assert chain_valid("h(22222)", r" h:right=22222 \boxed{22222}") is False


def test_splits_never_share_a_number_whatever_the_seeds():
    numbers = {
        split: {
            parse_question(problem.question).number
            for seed in (1, 2)
            for problem in many(split=split, size=300, seed=seed)
        }
        for split in WORLD.splits
    }
    numbers["corpus"] = {
        parse_question(WORLD.document(MIXTURE, (1, i)).question).number for i in range(3000)
    }
    for (_, a), (_, b) in combinations(numbers.items(), 2):
        assert not a & b


def test_a_larger_set_keeps_the_earlier_problems_and_repeats_none():
    small, large = many(size=40), many(size=90)
    assert large[:40] == small
    assert len({problem.question for problem in large}) == 90
    assert many(seed=2)[:40] != small


def test_the_corpus_is_a_function_of_its_key_and_mostly_wrong():
    documents = [WORLD.document(MIXTURE, (1, i)) for i in range(2000)]
    assert documents == [WORLD.document(MIXTURE, (1, i)) for i in range(2000)]
    judged = [chain_valid(one.question, one.response) for one in documents]
    assert None not in judged
    assert 0.1 < sum(judged) / len(judged) < 0.5
    # Skewed: the first function and the first operation are named most.
    strategies = Counter(
        step.operation for one in documents for step in parse_chain(one.response).steps
    )
    assert strategies["reverse"] > 2 * strategies["down"]


def test_without_noise_and_habit_every_document_is_right():
    clean = Mixture(MIXTURE.families, MIXTURE.levels, 0.5, 0.0, 0.0)
    documents = [WORLD.document(clean, i) for i in range(300)]
    assert all(chain_valid(one.question, one.response) for one in documents)


def test_a_withheld_operation_is_in_no_document_and_every_other_is():
    lacking = replace(MIXTURE, withheld=("seven",))
    texts = [WORLD.document(lacking, i).response for i in range(2000)]
    shown = {step.operation for text in texts for step in parse_chain(text).steps}
    assert shown == set(OPERATIONS) - {"seven"}
    # Documents that never needed it are the same as without withholding.
    whole = [WORLD.document(MIXTURE, i).response for i in range(2000)]
    assert all(a == b for a, b in zip(texts, whole, strict=True) if "seven" not in b)


def test_guessing_scores_below_one_percent_at_256():
    problems = many(size=3000)
    answers = [problem.answer for problem in problems]
    # Answers of other problems, the best that a guesser could memorise: chance of a hit in 256.
    pool = Counter(answers)
    hit = sum(pool[a] - 1 for a in answers) / len(answers) / (len(answers) - 1)
    assert 1 - (1 - hit) ** 256 < 0.01
    # Uniform guessing over five digits without a leading zero, of which every one occurs.
    assert 256 / 90_000 < 0.01
    for position in range(WIDTH):
        shares = Counter(answer[position] for answer in answers)
        assert min(shares.values()) > 0.5 * len(answers) / 10


def test_math_verify_judges_the_answers_as_it_judges_real_mathematics():
    for problem in many(size=30):
        gold = parse(problem.answer)
        assert verify(gold, parse(problem.solution))
        value = int(problem.answer)
        for near in (value + 1, value * 10, int(problem.answer[::-1]), int(problem.answer[1:])):
            if near != value:
                assert not verify(gold, parse(rf" f:up=12345 \boxed{{{near}}}"))


def test_the_parser_is_fast_and_light():
    code = (
        "import sys; from passk.domains.math.world.chains import chain_valid;"
        "heavy = {'torch', 'numpy', 'polars', 'transformers', 'pydantic'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_world_is_named_with_what_is_legal():
    with pytest.raises(ValueError, match=r"'letters'.*digits"):
        WORLDS["letters"]
    with pytest.raises(ValueError, match="level 1"):
        WORLD.problem("train", ("repeat",), 1, 0.0, 0)
