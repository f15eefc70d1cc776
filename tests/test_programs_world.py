"""The generated world of programs: splits never meet, tests decide, texts are real Python."""

import ast
import random
import re
import sys
from collections import Counter
from dataclasses import replace
from itertools import combinations
from subprocess import run

import pytest
from transformers import AutoTokenizer

from passk.core.digests import digest, seed
from passk.data.prompts import messages, render
from passk.domains.code.extraction import extract
from passk.domains.code.sandbox.values import decode, encode
from passk.domains.code.test_cases import Tests
from passk.domains.code.world import cases
from passk.domains.code.world.behaviour import behaviour
from passk.domains.code.world.operations import KEEP, OPERATIONS, ProgramStep, meaning
from passk.domains.code.world.specifications import FAMILIES, LAST, MIDDLE, Specification, words
from passk.domains.code.world.world import _CORPUS, ProgramsWorld, _draw, part
from passk.domains.code.world.writing import FENCE, MANNERS, write
from passk.domains.world import Mixture
from passk.domains.world_sets import problem_set
from passk.domains.worlds import WORLDS
from passk.models.tiny import make_tiny_model, save_checkpoint
from passk.models.tokenizer import END, TURN, TURN_END, make_chat_renderer, train_tokenizer

WORLD = ProgramsWorld()
MIXTURE = Mixture(dict.fromkeys(FAMILIES, 1.0), {1: 1, 2: 2, 3: 2}, 0.5, 0.4, 0.3)
DOCUMENTS = [WORLD.document(MIXTURE, i) for i in range(3000)]


def many(split="functions", families=FAMILIES, levels=(2, 3), size=60, seed=1):
    return problem_set(
        WORLD, split=split, families=families, levels=levels, skew=0.0, size=size, seed=seed
    )


def specifications(count=150, level=None):
    generator = random.Random(5)
    return [_draw(level or 1 + i % 4, 0.0, generator) for i in range(count)]


def outputs(source, tests):
    """Encoded results of a program in this process: only for programs of this project's own."""
    names = {}
    exec(source, names)
    call = names["f"] if tests.entry == "f" else names["Solution"]().f
    return tuple(encode(call(*decode(given))) for given in tests.inputs)


def program(response):
    assert response.endswith(f"\n{FENCE}")
    return response.removesuffix(f"\n{FENCE}")


def test_all_modules_of_the_world_have_working_examples():
    names = ("operations", "specifications", "writing")
    modules = [f"passk.domains.code.world.{name}" for name in names]
    code = "import doctest, importlib, sys; found = [doctest.testmod(importlib.import_module(m)) "
    code += "for m in sys.argv[1:]]; sys.exit(any(f.failed or not f.attempted for f in found))"
    assert run([sys.executable, "-c", code, *modules], check=False).returncode == 0


def test_every_reference_passes_its_tests_and_responses_are_extracted():
    for problem in many(size=90):
        tests = Tests.load(problem.tests)
        assert outputs(problem.answer, tests) == tests.expected
        assert tests.reference == problem.answer
        found = extract(problem.solution, tests.entry)
        assert found is not None
        assert found.closed
        assert found.program == problem.answer
        assert (problem.starter_code is not None) == (problem.family == "method")


def test_inputs_are_wide_and_outputs_vary():
    for problem in many(size=60):
        tests = Tests.load(problem.tests)
        inputs = [decode(one)[0] for one in tests.inputs]
        assert len(inputs) >= 10
        assert [] in inputs
        assert any(len(xs) >= 40 for xs in inputs)
        assert any(abs(x) > 10**6 for xs in inputs for x in xs)
        assert any(min(xs) < 0 for xs in inputs if xs)
        assert any(len(set(xs)) < len(xs) for xs in inputs)
        assert len(set(tests.expected)) >= 4


def test_tests_tell_every_misreading_and_every_omission_apart():
    """All misreadings that differ at all, judged by many inputs that no test was made of."""
    probes = [
        [generator.randint(-12, 12) for _ in range(length)]
        for generator in (random.Random(1),)
        for length in [0, 1, 2, 5, 9, 20] * 40
    ]
    seen = idle = 0
    for one in specifications(200):
        inputs = cases.inputs(one, random.Random(seed(one.meaning)))
        if inputs is None:
            idle += 1
            continue
        right = cases.function(one.steps)
        steps = one.steps
        omissions = [(*steps[:i], *steps[i + 1 :]) for i in range(len(steps))] if steps[1:] else []
        for wrong in [*omissions, *one.misreadings()]:
            other = cases.function(wrong)
            told = any(cases.result(other, xs) != right(xs) for xs in inputs)
            differs = any(cases.result(other, xs) != right(xs) for xs in probes)
            assert told or not differs, (words(one), wrong)
            seen += told
    assert seen > 300
    assert idle < 120  # specifications with an idle step are drawn again, not too often


def test_a_misreading_of_every_phrase_and_of_a_turned_joint_is_told_apart():
    for phrase in (*MIDDLE, *LAST):
        one = Specification((phrase,), (3,), turned=False)
        inputs = cases.inputs(one, random.Random(1))
        assert inputs is not None, phrase
        for wrong in one.misreadings():
            other, right = cases.function(wrong), cases.function(one.steps)
            assert any(cases.result(other, xs) != right(xs) for xs in inputs), phrase
    named = {phrase.words: phrase for phrase in MIDDLE}
    pair = (named["keep numbers over {k}"], named["square each"])
    one = Specification(pair, (3, None), turned=True)
    assert words(one) == "square each but first keep numbers over 3"
    assert one.misreadings()[-1] == (ProgramStep("square"), ProgramStep("above", 3))
    assert cases.function(one.steps)([-5, 2, 4]) == [16]


def test_programs_that_do_too_little_or_nothing_fail():
    for problem in many(size=60):
        tests = Tests.load(problem.tests)
        for body in ("return xs", "return []", "return 0", "return sorted(xs)", "return sum(xs)"):
            source = f"def f(xs):\n    {body}"
            if tests.entry != "f":
                source = f"class Solution:\n    def f(self, xs):\n        {body}"
            assert outputs(source, tests) != tests.expected


@pytest.mark.parametrize("manner", MANNERS)
def test_all_ways_of_writing_a_program_do_the_same(manner):
    generator = random.Random(3)
    for one in specifications(200):
        source = write(one.steps, manner, generator, method=False)
        names = {}
        exec(source, names)
        right = cases.function(one.steps)
        for length in (0, 1, 4, 15):
            xs = [generator.randint(-20, 20) for _ in range(length)]
            assert names["f"](list(xs)) == right(list(xs)), source


def test_meanings_are_equal_only_for_programs_that_do_the_same():
    generator = random.Random(4)
    inputs = [[generator.randint(-9, 12) for _ in range(12)] for _ in range(60)]
    steps = [
        ProgramStep(name, k)
        for name, one in OPERATIONS.items()
        for k in (range(2, 10) if "{k}" in one.ways[0] else [None])
    ]
    behaviour = {}
    for step in steps:
        result = str([cases.result(cases.function([step]), xs) for xs in inputs])
        behaviour.setdefault(meaning((step,)), set()).add(result)
    assert all(len(results) == 1 for results in behaviour.values())
    keeps = [step for step in steps if step.kind == KEEP]
    assert meaning((keeps[0], keeps[3])) == meaning((keeps[3], keeps[0]))
    assert meaning((ProgramStep("add", 2), ProgramStep("multiply", 3))) != meaning(
        (ProgramStep("multiply", 3), ProgramStep("add", 2))
    )


def test_splits_never_share_a_specification_whatever_the_seeds(monkeypatch):
    """Read from what is generated: tests have one text per specification, names are not asked."""
    drawn = {}
    from passk.domains.code.world import world as module

    met = []
    original = module.question
    monkeypatch.setattr(module, "question", lambda s, *rest: met.append(s) or original(s, *rest))
    for split in WORLD.splits:
        for start in (1, 2):
            met.clear()
            many(split=split, size=200, seed=start)
            drawn.setdefault(split, set()).update(behaviour(one.steps) for one in met)
    met.clear()
    for i in range(3000):
        WORLD.document(MIXTURE, (7, i))
    drawn["corpus"] = {behaviour(one.steps) for one in met}
    assert all(len(found) > 250 for found in drawn.values())
    for (_, a), (_, b) in combinations(drawn.items(), 2):
        assert not a & b
    assert {part(one) for one in met} == set(_CORPUS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            [("unique",), ("ascending",), ("nonnegative",)],
            [("ascending",), ("unique",), ("nonnegative",)],
        ),
        ([("add", 2), ("add", 3)], [("add", 5)]),
        ([("ascending",), ("sum",)], [("sum",)]),
        ([("negate",), ("size",)], [("size",)]),
        ([("above", 3), ("multiply", 2)], [("multiply", 2), ("above", 6), ("even",)]),
        ([("some largest",)], [("ascending",), ("reverse",), ("some largest",)]),
    ],
)
def test_specifications_that_ask_for_the_same_function_lie_in_one_part(one, other):
    one, other = (tuple(ProgramStep(*step) for step in steps) for steps in (one, other))
    assert behaviour(one) == behaviour(other)
    assert behaviour(one) != behaviour((*one[:-1], ProgramStep("count")))


def test_equal_specifications_have_equal_tests_in_every_family():
    by_meaning = {}
    for family in FAMILIES:
        for problem in many(families=[family], levels=[1], size=6, seed=family):
            tests = Tests.load(problem.tests)
            body = re.sub(r"class.*\n|self, |    ", "", problem.answer)
            by_meaning.setdefault(body, set()).add((tests.inputs, tests.expected))
    assert any(len(found) == 1 for found in by_meaning.values())
    assert max(map(len, by_meaning.values())) == 1


def test_there_are_thousands_of_specifications_above_one_step():
    found = {one.meaning for one in specifications(6000, level=2)}
    assert len(found) > 2500
    assert len({one.meaning for one in specifications(6000, level=3)}) > 5500


def test_a_larger_set_keeps_the_earlier_problems_and_repeats_none():
    small, large = many(size=40), many(size=90)
    assert large[:40] == small
    assert len({problem.question for problem in large}) == 90
    assert many(seed=2)[:40] != small


def test_a_set_that_the_split_cannot_fill_is_refused():
    with pytest.raises(ValueError, match="lower the size"):
        many(levels=[1], families=["function"], size=60)


def test_documents_are_python_in_every_manner_and_mostly_wrong():
    assert [WORLD.document(MIXTURE, i) for i in range(3000)] == DOCUMENTS
    marks = Counter()
    for one in DOCUMENTS:
        source = program(one.response)
        ast.parse(source)
        assert ("class Solution" in source) == (one.starter_code is not None)
        marks.update(mark for mark in ("append", "lambda", "xs = [", "return [") if mark in source)
    assert min(marks.values()) > 200
    assert len({program(one.response) for one in DOCUMENTS}) > 2000


def follows(document_mixture, count=400):
    """Share of documents whose steps are right, told by what their programs compute."""
    from passk.domains.code.world import world as module

    met, right = [], 0
    original = module.question
    module.question = lambda s, *rest: met.append(s) or original(s, *rest)
    try:
        for i in range(count):
            source = program(WORLD.document(document_mixture, i).response)
            names = {}
            exec(source, names)
            call = names["f"] if "f" in names else names["Solution"]().f
            reference = cases.function(met[-1].steps)
            inputs = [[random.Random(j).randint(-20, 20) for _ in range(12)] for j in range(12)]
            inputs += [[], [3, 2, 2, 9, -4, 1, 0, 5, 7, 8]]
            right += all(cases.result(call, xs) == reference(xs) for xs in inputs)
    finally:
        module.question = original
    return right / count


def test_without_noise_and_habit_every_document_is_right_and_with_them_few_are():
    assert follows(replace(MIXTURE, noise=0.0, habit=0.0)) == 1.0
    assert 0.1 < follows(MIXTURE) < 0.5


def test_a_withheld_operation_is_in_no_document():
    mixture = replace(MIXTURE, noise=0.0, habit=0.0, withheld=("unique", "changes"))
    texts = [WORLD.document(mixture, i).response for i in range(1500)]
    assert not any("dict.fromkeys" in text or "b - a" in text for text in texts)
    whole = [WORLD.document(replace(mixture, withheld=()), i).response for i in range(1500)]
    assert sum("dict.fromkeys" in text for text in whole) > 20
    changed = sum(a != b for a, b in zip(texts, whole, strict=True))
    assert 0 < changed < 400


@pytest.fixture(scope="module")
def tokenizer():
    chat = make_chat_renderer()
    texts = [asked(one, chat) + one.response for one in DOCUMENTS]
    return train_tokenizer("qwen2", texts, 512, 128, chat=True)


def asked(one, tokenizer):
    problem = {"question": one.question, "starter_code": one.starter_code}
    return render("program", problem, tokenizer)


def test_questions_and_programs_are_short_in_tokens(tokenizer):
    prompts, responses = (
        [len(tokenizer(text)["input_ids"]) for text in texts]
        for texts in (
            [asked(one, tokenizer) for one in DOCUMENTS],
            [one.response for one in DOCUMENTS],
        )
    )
    assert sum(prompts) / len(prompts) < 40
    assert max(prompts) <= 56
    assert 20 < sum(responses) / len(responses) < 40
    assert max(responses) <= 80
    for text in ("    ", "\n", ":\n", " for", " return", FENCE, " keep", " each"):
        assert len(tokenizer.tokenize(text)) <= 2
    # A line's break and its indentation are two tokens.
    assert len(tokenizer.tokenize("):\n        return")) == 3


def test_prompt_and_response_are_split_between_tokens(tokenizer):
    for one in DOCUMENTS[:500]:
        prompt = asked(one, tokenizer)
        whole = tokenizer(prompt + one.response)["input_ids"]
        assert whole == tokenizer(prompt)["input_ids"] + tokenizer(one.response)["input_ids"]


@pytest.mark.parametrize("family", ["qwen2", "llama"])
def test_a_chat_tokenizer_reads_back_to_the_same_ids_and_prompts(family, tmp_path):
    chat = make_chat_renderer()
    texts = [asked(one, chat) + one.response for one in DOCUMENTS[:600]]
    tokenizer = train_tokenizer(family, texts, 512, 128, chat=True)
    model = make_tiny_model(
        family, layers=1, width=32, heads=1, key_value_heads=1, feed_forward=32, context=96,
        rope_theta=1000.0, init_std=0.1, tokenizer=tokenizer, seed=1,
    )  # fmt: skip
    save_checkpoint(model, tokenizer, tmp_path / "model")
    loaded = AutoTokenizer.from_pretrained(tmp_path / "model")
    for one in DOCUMENTS[:200]:
        prompt = asked(one, chat)
        assert asked(one, loaded) == prompt == asked(one, tokenizer)
        whole = prompt + one.response + TURN_END
        ids = tokenizer(whole)["input_ids"]
        assert loaded(whole)["input_ids"] == ids == loaded.encode(whole, add_special_tokens=False)
        assert ids[-1] == tokenizer.eos_token_id == model.config.eos_token_id
        assert ids.count(tokenizer.convert_tokens_to_ids(TURN)) == 2
        assert loaded.decode(ids) == whole
    assert model.config.pad_token_id == tokenizer.pad_token_id == tokenizer.encode(END)[0]
    assert loaded.decode(tokenizer.encode(f"x{TURN_END}"), skip_special_tokens=True) == "x"


def test_merges_are_learned_of_no_markup(tokenizer):
    pieces = {token for token in tokenizer.get_vocab() if "im_" in token or "<|" in token}
    assert pieces == {END, TURN, TURN_END}


def test_the_chat_template_is_qwens_without_its_own_system_message():
    problem = {"question": "Given xs, sort.", "starter_code": None}
    assert render("program", problem, make_chat_renderer()) == (
        "<|im_start|>user\nGiven xs, sort.<|im_end|>\n<|im_start|>assistant\n```python\n"
    )
    with_system = messages("livecodebench", problem)
    assert (
        make_chat_renderer()
        .apply_chat_template(with_system, tokenize=False)
        .startswith(
            "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n"
        )
    )


def test_a_chat_vocabulary_must_hold_its_special_tokens():
    with pytest.raises(ValueError, match="259"):
        train_tokenizer("qwen2", ["a"], 258, 64, chat=True)


def test_the_digits_world_and_its_tokenizers_keep_their_bytes(tmp_path):
    """Digests from the version before there was another world."""
    digits = WORLDS["digits"]
    mixture = Mixture(
        dict.fromkeys(digits.families, 1.0), {1: 1, 2: 1, 3: 1, 4: 1}, 0.5, 0.6, 0.25, ("seven",)
    )
    problems = [
        problem
        for split in digits.splits
        for problem in problem_set(
            digits, split=split, families=digits.families, levels=(1, 2, 3, 4), skew=0.5, size=50,
            seed=1,
        )
    ]  # fmt: skip
    told = [(p.question, p.answer, p.family, p.level, p.solution) for p in problems]
    assert digest(told)[:16] == "844c8fe3f9fdceed"
    assert all(p.tests is None and p.starter_code is None for p in problems)
    documents = [digits.document(mixture, i) for i in range(800)]
    assert digest([(one.question, one.response) for one in documents])[:16] == "ac6ba61f597c5d6c"
    for family, expected in (("qwen2", "38b4b9205225c997"), ("llama", "73ca0dcdfe8f434f")):
        texts = (f"{one.question}\n{one.response}" for one in documents)
        folder = tmp_path / family
        train_tokenizer(family, texts, 384, 96).save_pretrained(folder, save_jinja_files=False)
        files = {path.name: path.read_text() for path in folder.iterdir()}
        assert digest(files)[:16] == expected
