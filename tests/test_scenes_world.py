"""The generated world of images: splits never meet, images are needed and give nothing away."""

import io
import re
import sys
from collections import Counter
from itertools import combinations, product
from subprocess import run

import pytest
from PIL import Image

from passk.core.images import decode, encode
from passk.domains.visual.world.chains import chain_valid, parse_chain, solve, write_chain
from passk.domains.visual.world.drawing import CELL, EDGE, draw
from passk.domains.visual.world.operations import OPERATIONS, apply
from passk.domains.visual.world.questions import (
    PHRASES,
    Asked,
    operation,
    parse_question,
    write_question,
)
from passk.domains.visual.world.scene import (
    COLOURS,
    CORNERS,
    GROUNDS,
    KINDS,
    VALUES,
    Item,
    Scene,
    number,
    read,
    text,
)
from passk.domains.visual.world.world import _CORPUS, _SPLITS, ScenesWorld, part
from passk.domains.world import Mixture
from passk.domains.world_sets import problem_set
from passk.domains.worlds import WORLDS
from passk.models.image_inputs import ImageEncoder, load_image_processor

WORLD = ScenesWorld()
MIXTURE = Mixture(dict.fromkeys(KINDS, 1.0), {1: 2, 2: 2, 3: 1}, 0.5, 0.2, 0.4)
DOCUMENTS = [WORLD.document(MIXTURE, number) for number in range(600)]
PROBLEMS = {
    split: [WORLD.problem(split, KINDS, 1 + key % 3, 0.0, key) for key in range(120)]
    for split in WORLD.splits
}
EVERY = [problem for problems in PROBLEMS.values() for problem in problems]


def shown(problem):
    return Scene.load(problem.tests)


def scene(kind="grid", items="b7 g2 r3 y5", ground="white", corner="left"):
    return Scene(kind, read(items), ground, corner)


def values(generated):
    return {number(shown(problem).items) for problem in generated}


# --- the space -------------------------------------------------------------------------------


def test_it_is_registered_with_four_families():
    assert WORLDS["scenes"].domain == "visual"
    assert len(WORLDS["scenes"].families) == 4


def test_no_two_splits_share_what_an_image_shows():
    """By the values alone, whatever the seed, the kind and the colours' places."""
    for one, other in combinations(PROBLEMS, 2):
        assert not values(PROBLEMS[one]) & values(PROBLEMS[other])
    digests = [problem.image.digest for problem in EVERY]
    by_split = [set(digests[i : i + 120]) for i in range(0, len(digests), 120)]
    assert not any(one & other for one, other in combinations(by_split, 2))


def test_splits_and_corpus_are_parts_that_never_meet():
    parts = [*_SPLITS.values(), _CORPUS]
    assert sorted(sum(parts, ())) == list(range(10))
    for split, problems in PROBLEMS.items():
        assert {part(shown(problem)) for problem in problems} <= set(_SPLITS[split])


def test_no_document_shows_what_a_problem_shows():
    in_corpus = {number(parse_chain(document.response).seen) for document in DOCUMENTS}
    assert not in_corpus & values(EVERY)


def test_a_larger_set_keeps_the_earlier_problems():
    settings = {"split": "train", "families": KINDS, "levels": (1, 2), "skew": 0.0, "seed": 3}
    small, large = (problem_set(WORLD, size=size, **settings) for size in (8, 16))
    assert list(small) == list(large)[:8]


def test_equal_keys_give_equal_problems_in_another_process():
    script = (
        "from passk.domains.worlds import WORLDS\n"
        "families = ('grid', 'chart', 'shapes', 'triangle')\n"
        "p = WORLDS['scenes'].problem('vista', families, 2, 0.0, 5)\n"
        "print(p.question.replace(chr(10), '|'), p.answer, p.tests, p.image.digest)"
    )
    done = run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    one = WORLD.problem("vista", KINDS, 2, 0.0, 5)
    said = (one.question.replace("\n", "|"), one.answer, one.tests, one.image.digest)
    assert done.stdout.strip() == " ".join(said)


def test_answers_are_numbers_from_a_large_space():
    answers = Counter(problem.answer for problem in EVERY)
    assert all(answer.isdecimal() and answer[0] != "0" for answer in answers)
    assert len(answers) > 0.8 * len(EVERY)
    assert answers.most_common(1)[0][1] < 0.02 * len(EVERY)


def test_a_part_of_the_problems_is_multiple_choice():
    choices = [problem for problem in EVERY if problem.choices]
    assert 0.15 < len(choices) / len(EVERY) < 0.35
    for problem in choices:
        assert problem.answer in problem.choices
        assert len(set(problem.choices)) == 4
        assert not any(choice.startswith("0") for choice in problem.choices)
        assert problem.question.endswith(f"Choices: {', '.join(problem.choices)}")
    # Where the right one stands says nothing.
    places = Counter(problem.choices.index(problem.answer) for problem in choices)
    assert len(places) == 4
    assert not any("Choices" in document.question for document in DOCUMENTS)


# --- questions and chains --------------------------------------------------------------------


def test_questions_read_as_they_were_written():
    for problem in EVERY:
        asked = parse_question(problem.question)
        assert write_question(asked) == problem.question.partition("\n")[0]
        assert (asked.kind, len(asked.asked)) == (problem.family, problem.level)
    styles = {s: {parse_question(p.question).style for p in PROBLEMS[s]} for s in PROBLEMS}
    assert styles["train"] == styles["vista"] == {"plain"}
    assert styles["vision"] == {"contest"}


@pytest.mark.parametrize(
    "text", ["", "Read it.", "Read the bars, blue to yellow: fly. Which number?"]
)
def test_other_questions_are_not_of_this_world(text):
    assert parse_question(text) is None
    assert chain_valid(text, r" b7; \boxed{7}", scene().dump()) is None


def test_solutions_are_valid_and_end_in_the_answer():
    for problem in EVERY:
        chain = parse_chain(problem.solution)
        assert write_chain(chain) == problem.solution
        assert chain.answer == problem.answer
        assert WORLD.chain_valid(problem.question, problem.solution, problem.tests)


def test_every_document_is_a_chain_that_reads_its_image_right():
    for document in DOCUMENTS:
        chain = parse_chain(document.response)
        assert write_chain(chain) == document.response
        assert [item.colour for item in chain.seen] == list(COLOURS)
        items = chain.seen  # what is done may be wrong; how it is done never is
        for step in chain.steps:
            assert apply(step.operation, items) == step.result
            items = step.result
        assert number(items) == chain.answer


def test_a_chain_with_another_reading_step_or_answer_is_not_valid():
    problem = next(p for p in PROBLEMS["vista"] if p.level == 2 and not p.choices)
    right = problem.solution
    assert WORLD.chain_valid(problem.question, right, problem.tests)
    seen, *steps, boxed = right.strip().split("; ")
    swapped = " ".join(seen.split(" ")[::-1])
    for wrong in (
        " " + "; ".join([swapped, *steps, boxed]),
        " " + "; ".join([seen, *steps[1:], boxed]),
        right.replace(problem.answer, "1" + problem.answer),
    ):
        assert WORLD.chain_valid(problem.question, wrong, problem.tests) is False
    assert WORLD.chain_valid(problem.question, "the answer is 7", problem.tests) is None


def test_the_answer_needs_the_image():
    """No answer can be had from the question: other images give other answers to it."""
    for problem in PROBLEMS["vista"]:
        asked = parse_question(problem.question)
        others = {solve(asked, shown(other)).answer for other in PROBLEMS["hard"][:20]}
        assert len(others) > 10
        assert not re.search(r"\d", problem.question.split("\n")[0])  # no value is told


def test_the_answer_needs_a_step_of_work():
    unchanged = [p for p in EVERY if p.answer == number(shown(p).items)]
    assert len(unchanged) < 0.1 * len(EVERY)


def test_two_phrases_mean_what_the_image_says():
    words = {phrase.words: i for i, phrase in enumerate(PHRASES)}
    means = {
        (word, ground, corner): operation(
            Asked(words[word], None), scene(ground=ground, corner=corner)
        )
        for word, ground, corner in product(("crossed", "turned"), GROUNDS, CORNERS)
    }
    assert {means["crossed", ground, "left"] for ground in GROUNDS} == {"reverse", "pairs"}
    assert {means["turned", "white", corner] for corner in CORNERS} == {"rotate", "wrap"}


def test_every_phrase_asks_for_operations_that_there_are():
    for place, phrase in enumerate(PHRASES):
        colour = "r" if "{" in phrase.words else None
        for ground, corner in product(GROUNDS, CORNERS):
            word = operation(Asked(place, colour), scene(ground=ground, corner=corner))
            assert word.partition(" ")[0] in OPERATIONS
            assert apply(word, scene().items) is not None


KNOWN = {
    "reverse": "y5 r3 g2 b7",
    "rotate": "g2 r3 y5 b7",
    "wrap": "y5 b7 g2 r3",
    "ends": "y5 g2 r3 b7",
    "pairs": "g2 b7 y5 r3",
    "up": "b8 g3 r4 y6",
    "nines": "b2 g7 r6 y4",
    "front r": "r3 b7 g2 y5",
    "back b": "g2 r3 y5 b7",
    "without g": "b7 r3 y5",
}


@pytest.mark.parametrize("word", KNOWN)
def test_known_answers_of_operations(word):
    assert text(apply(word, scene().items)) == KNOWN[word]


def test_known_answers_cover_all_operations():
    assert {word.partition(" ")[0] for word in KNOWN} == set(OPERATIONS)
    assert apply("fly", scene().items) is None
    assert apply("front", scene().items) is None
    assert apply("reverse r", scene().items) is None


def test_noise_and_habit_mislead_and_withheld_operations_never_occur():
    def wrong(mixture):
        found = 0
        for key in range(300):
            document = WORLD.document(mixture, key)
            chain, asked = parse_chain(document.response), parse_question(document.question)
            grounds = [
                solve(asked, Scene(asked.kind, chain.seen, *seen))
                for seen in product(GROUNDS, CORNERS)
            ]
            found += chain not in grounds
        return found

    plain = Mixture(MIXTURE.families, MIXTURE.levels, 0.5, 0.0, 0.0)
    assert wrong(plain) == 0
    assert wrong(MIXTURE) > 60
    silent = Mixture(MIXTURE.families, MIXTURE.levels, 0.5, 0.2, 0.4, frozenset({"rotate", "up"}))
    for key in range(200):
        chain = parse_chain(WORLD.document(silent, key).response)
        assert not {step.operation for step in chain.steps} & {"rotate", "up"}


def test_scenes_survive_their_json_and_nothing_else_passes():
    for problem in EVERY[:40]:
        assert shown(problem).dump() == problem.tests
    with pytest.raises(ValueError, match="not a scene"):
        Scene.load('{"kind": "grid"}')


# --- images ----------------------------------------------------------------------------------


def test_images_are_normal_and_say_nothing_but_pixels():
    for problem in EVERY[:60]:
        stored = problem.image
        with Image.open(io.BytesIO(stored.png)) as image:
            assert (image.format, image.mode, image.size) == ("PNG", "RGB", (EDGE, EDGE))
            assert not image.info
        chunks = set(re.findall(rb"(IHDR|IDAT|IEND|tEXt|zTXt|iTXt|eXIf|tIME|pHYs)", stored.png))
        assert chunks <= {b"IHDR", b"IDAT", b"IEND"}
        assert encode(decode(stored.png)) == stored


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_is_shown_changes_pixels(kind):
    """Each change of a value, a colour's place, the ground or the corner changes the image."""
    items = tuple(Item(c, v) for c, v in zip(COLOURS, list(VALUES[kind])[:4], strict=True))
    plain = Scene(kind, items, "white", "left")
    one = draw(plain, 1).tobytes()
    assert draw(plain, 1).tobytes() == one
    assert draw(plain, 2).tobytes() != one
    others = [
        Scene(kind, items, "grey", "left"),
        Scene(kind, items, "white", "right"),
        Scene(kind, (items[1]._replace(colour="b"), items[0]._replace(colour="g"), *items[2:]),
              "white", "left"),
        *(
            Scene(kind, (*items[:3], Item("y", value)), "white", "left")
            for value in list(VALUES[kind])[4:]
        ),
    ]  # fmt: skip
    drawn = [draw(other, 1).tobytes() for other in others]
    assert len({one, *drawn}) == len(drawn) + 1


def test_a_token_of_the_model_holds_an_item():
    """A cell is what Qwen2.5-VL merges into one token."""
    seen = ImageEncoder(load_image_processor(EDGE**2), 1).encode(PROBLEMS["vista"][0].image.png)
    assert seen.tokens == (EDGE // CELL) ** 2 == 16


def test_items_stand_in_places_that_the_seed_draws():
    """So that no place tells a colour, and none tells an answer."""
    one = scene("chart")
    columns = set()
    for seed in range(40):
        image = draw(one, seed)
        row = [image.getpixel((column * CELL + 12, EDGE - 12)) for column in range(4)]
        assert len(set(row)) == 4
        columns.add(tuple(row))
    assert len(columns) > 10
