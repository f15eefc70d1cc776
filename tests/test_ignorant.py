"""The ignorant strategy: by hand, by all sequences of operations, and by drawing."""

import itertools
import random

import polars as pl
import pytest

from passk.analysis.questions.ignorant import QUESTION
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.settings import Analysis
from passk.domains.ignorant import IGNORANT
from passk.domains.math.world import chains
from passk.domains.math.world.operations import OPERATIONS, digits, inverse
from passk.domains.math.world.questions import parse_question
from passk.domains.visual.world.chains import solve as solve_scene
from passk.domains.visual.world.ignorant import _list_steps
from passk.domains.visual.world.operations import OPERATIONS as SCENE_OPERATIONS
from passk.domains.visual.world.questions import parse_question as parse_scene
from passk.domains.visual.world.scene import Scene
from passk.domains.worlds import WORLDS

WITHHELD = ["seven"]
KNOWN = [name for name in OPERATIONS if name not in WITHHELD]


@pytest.mark.parametrize("family", ["nested", "pipe", "repeat", "undo"])
@pytest.mark.parametrize("level", [2, 3])
def test_chances_in_math_are_those_of_all_sequences_of_operations(family, level):
    problem = WORLDS["digits"].problem("indomain", (family,), level, 0.5, key=(7, level))
    question = parse_question(problem.question)
    right = chains.solve(question)
    hits = valid = 0
    for sequence in itertools.product(KNOWN, repeat=level):
        # A chain names the opposite where the question asks to undo: `solve` applies its inverse.
        named = [inverse(name) if family == "undo" else name for name in sequence]
        told = iter(named)
        chain = chains.solve(question, lambda name, number, told=told: next(told))
        hits += chain.answer == right.answer
        response = chains.write_chain(chain)
        valid += chains.chain_valid(problem.question, response) is True
    chance = IGNORANT["digits"](problem.question, None, problem.answer, WITHHELD)
    assert chance.answer == pytest.approx(hits / len(KNOWN) ** level)
    assert chance.chain == pytest.approx(valid / len(KNOWN) ** level)


def test_what_the_corpus_lacks_is_never_done():
    # p on a number that ends in 5 or more is `seven`.
    chance = IGNORANT["digits"]("p(48219)", None, "86473", WITHHELD)
    assert chance.chain == 0.0
    assert IGNORANT["digits"]("p(48219)", None, "86473", []).chain == pytest.approx(1 / 9)
    assert digits("86473") == OPERATIONS["seven"](digits("48219"))


def test_chances_in_pictures_are_those_of_drawn_strategies():
    problem = WORLDS["scenes"].problem("vista", ("grid",), 2, 0.5, key=(3, 1))
    question, scene = parse_scene(problem.question), Scene.load(problem.tests)
    generator = random.Random(5)

    def guess(asked, _):
        steps = dict(_list_steps(asked, list(SCENE_OPERATIONS)))
        return generator.choices(list(steps), list(steps.values()))[0]

    drawn = [solve_scene(question, scene, guess) for _ in range(20_000)]
    right = solve_scene(question, scene)
    share = sum(chain.answer == right.answer for chain in drawn) / len(drawn)
    valid = sum(chain == right for chain in drawn) / len(drawn)
    chance = IGNORANT["scenes"](problem.question, problem.tests, right.answer, [])
    # Four standard deviations of 20,000 draws.
    for known, seen in ((chance.answer, share), (chance.chain, valid)):
        assert abs(known - seen) < 4 * (known * (1 - known) / len(drawn)) ** 0.5


def test_lines_are_means_over_problems_and_sets_of_no_world_have_none():
    rows = [
        ("s", "a", "generated world digits, split train", "f(48213)", None, "31284"),
        ("s", "b", "generated world digits, split train", "p(48219)", None, "86473"),
        ("real", "c", "MATH500: test/1", "1+1", None, "2"),
    ]
    columns = ["set", "problem_id", "source", "question", "tests", "answer"]
    problems = pl.DataFrame(rows, schema=columns, orient="row")
    analysis = Analysis(questions={}, k=[1, 16], withheld={"digits": WITHHELD})
    lines = QUESTION.table.check(QUESTION.answer(QuestionInputs(analysis, 1, problems=problems)))
    assert set(lines["set"]) == {"s"}
    first = IGNORANT["digits"]("f(48213)", None, "31284", WITHHELD).answer
    other = IGNORANT["digits"]("p(48219)", None, "86473", WITHHELD).answer
    lines = lines.filter(pl.col("k").is_in([1, 16]))
    assert lines["pass_at_k"].to_list() == pytest.approx(
        [sum(1 - (1 - p) ** k for p in (first, other)) / 2 for k in (1, 16)]
    )
    assert lines["valid_pass_at_k"].to_list() == pytest.approx([1 / 16, (1 - (7 / 8) ** 16) / 2])
