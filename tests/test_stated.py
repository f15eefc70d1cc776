r"""What a response states, whatever is compared: boxes, tags, words; denials and retractions."""

import time

import pytest

from passk.domains.stated.boxes import boxes
from passk.domains.stated.reading import read, statement
from passk.domains.stated.statement import ANNOUNCED, BOX, TAG
from passk.domains.stated.tags import tags
from passk.domains.stated.thoughts import without_thoughts

THOUGHTS = [
    "<think>\\boxed{6}?</think>7",
    "<THINK>6</THINK>7",
    "<thinking>6</thinking>7",
    "6, surely</think>7",
    "<think>5</think>6<think>or 8</think>7",
    "<|begin_of_thought|>6<|end_of_thought|>7",
    "◁think▷6◁/think▷7",
    "[THINK]6[/THINK]7",
    "<|channel|>analysis<|message|>6<|end|><|start|>assistant<|channel|>final<|message|>7",
    "7<think>6, or",
    "7<|im_end|>\n<|im_start|>user\nAnd 8?",
    "7</s>",
]


@pytest.mark.parametrize("response", THOUGHTS)
def test_what_is_said_is_neither_thought_nor_behind_the_turn(response):
    assert without_thoughts(response) == "7"


def test_marks_of_a_program_are_its_own():
    text = 'print("</think>", "<answer>")'
    assert without_thoughts(text, own=[(0, len(text))]) == text
    assert tags(text, own=[(0, len(text))]) == []


STATED = [
    (r"\boxed{6}", "6", BOX),
    (r"\boxed {6}", "6", BOX),
    ("\\boxed\n{6}", "6", BOX),
    (r"\fbox{6}", "6", BOX),
    (r"\\boxed{6}", "6", BOX),
    (r"\boxed 6, at last", "6", BOX),
    (r"\boxed{\boxed{6}}", "6", BOX),
    (r"\boxed{\{1, 2\}}", r"\{1, 2\}", BOX),
    (r"\boxed{6}\boxed{}, to be sure", "6", BOX),
    ("<|begin_of_box|>6<|end_of_box|>", "6", BOX),
    (r"\boxed{3}$, $\boxed{5}$ and $\boxed{7}$", "3, 5, 7", BOX),
    (r"\boxed{5}. Wait, no: \boxed{6}", "6", BOX),
    (r"\boxed{5} or rather something like \boxed{6}", "6", BOX),
    (r"\boxed{The answer is 6.}", "6", BOX),
    (r"\boxed{\text{The answer is 6}}", "6", BOX),
    (r"There are 5. \boxed{?}", "?", BOX),
    (r"The answer is 5. So \boxed{6}.", "6", BOX),
    (r"\boxed{6}. The answer is reasonable.", "6", BOX),
    (r"<answer>5</answer> Or \boxed{6}", "6", BOX),
    (r"First \boxed{5}? <answer>6</answer>", "6", TAG),
    ("<answer></answer> <Answer> 6 </Answer>", "6", TAG),
    ("<answer>Since $5+1=6$, the answer is $6$.</answer>", "$6$", TAG),
    (r"<answer>The final answer is $\boxed{6}$</answer>", "6", TAG),
    (r"The ratio is \boxed{3/4}, so the answer is D.", "D", ANNOUNCED),
    (r"\boxed{5} is what I had first; the final answer is 6.", "6", ANNOUNCED),
    ("The answer to question 5 is 6.", "6", ANNOUNCED),
    ("Answer to 5: 6", "6", ANNOUNCED),
    ("**Final Answer**\n\n6 cm", "6 cm", ANNOUNCED),
    ("### Answer\n6", "6", ANNOUNCED),
    ("Final answer 6", "6", ANNOUNCED),
    ("The answer is −6.", "−6", ANNOUNCED),
    ("Answer：6", "6", ANNOUNCED),
    ('{"answer": 6, "confidence": 90}', "6", ANNOUNCED),
    ("B is the answer.", "B", ANNOUNCED),
    ("Option (A) is the right choice.", "Option (A)", ANNOUNCED),
    ("My final choice: B", "B", ANNOUNCED),
    ("The answer isn't 5; it is 6.", "6", ANNOUNCED),
    ("The answer is not 5 but 6.", "6", ANNOUNCED),
    ("The answer is 5, no wait, 6.", "6", ANNOUNCED),
    ("The answer is 5 – no, it is 6.", "6", ANNOUNCED),
    ("The answer is 5. No, 6.", "6", ANNOUNCED),
    ("The answer is 5. Correction: the answer is 6.", "6", ANNOUNCED),
    ("The answer is 5. Wait, that is wrong: there are 6.", "there are 6", ANNOUNCED),
    ("The answer is A. Or B.", "A. Or B.", ANNOUNCED),
    ("It is not true, so the answer is no.", "no", ANNOUNCED),
    ("I'm not sure, but the answer is 6.", "6", ANNOUNCED),
    ("Final Answer: The final answer is 6. I hope it is correct.", "6", ANNOUNCED),
    ("The answer is 6. This is correct, and that is the answer.", "6", ANNOUNCED),
    ("No doubt the answer is 6.", "6", ANNOUNCED),
    ("因此，答案是6。", "6", ANNOUNCED),
    ("所以答案为：6", "6", ANNOUNCED),
    ("故选：C", "C", ANNOUNCED),
    ("答：6个。", "6个", ANNOUNCED),
    ("答案：不是5，是6", "6", ANNOUNCED),
    ("选项A错误，选项C正确。", "选项C", ANNOUNCED),
]


@pytest.mark.parametrize(("response", "text", "kind"), STATED)
def test_what_is_stated(response, text, kind):
    decides = statement(response)
    assert (decides.text, decides.kind) == (text, kind)
    assert decides.closed == (kind != ANNOUNCED)
    assert 0 <= decides.start < decides.end <= len(response)


@pytest.mark.parametrize(
    "response",
    [
        "",
        "The answer is not 17.",
        "The answer isn't 17.",
        "The answer can't be 17.",
        "The answer is anything but 17.",
        r"The answer is not \boxed{17}.",
        "I do not think that the answer is 17.",
        "Is the answer 17?",
        "If the answer is 17, then it is odd.",
        "One might think the answer is 17.",
        "A common wrong answer is 17.",
        "Option C is incorrect.",
        "I will put the answer within \\boxed{}.",
        "答案不是17。",
        "<think>\\boxed{17}</think>",
        "<think>The answer is 17",
    ],
)
def test_nothing_is_stated(response):
    assert statement(response) is None


def test_a_box_that_the_end_leaves_open_is_told_from_a_closed_one():
    decides = statement(r"There are 16. Result: $\boxed{12")
    assert (decides.text, decides.closed) == ("12", False)
    assert statement(r"\boxed{1} and \boxed{12").text == "1"
    assert statement("<answer>12").closed is False


LEFT_OPEN = [
    r"\boxed{",
    "$\\boxed{\n",
    r"\boxed{7",
    r"\boxed{\frac{7}{",
    r"\boxed{7} or \boxed{",
    r"\boxed {",
    r"\boxed",
    r"\box",
    r"\boxed{}",
    r"$\boxed{ }$.",
    r"\boxed -",
    r"\boxed(7",
    r"\fbox{7",
    "<|begin_of_box|>7",
    "<answer>",
    "<answer> 7",
    r"<answer>\boxed{7",
    r"<answer>\boxed{7}",
]
NOT_OPEN = ["", "it is", "a box", r"\boxed{} is for the answer", r"\bigl(", r"\{7", "if x < 7"]


@pytest.mark.parametrize("before", [r"It is \boxed{6}. ", "<answer>6</answer> ", r"\fbox{6}, "])
def test_nothing_is_closed_for_good_while_a_box_or_tag_is_open(before):
    """Whoever judges a response that was cut there cannot tell what it was going to say."""
    assert [end for end in LEFT_OPEN if statement(f"{before}So {end}").closed] == []
    assert [end for end in NOT_OPEN if not statement(f"{before}So {end}").closed] == []


def test_an_open_box_around_a_closed_one_is_open():
    assert statement(r"\boxed{\boxed{6}").closed is False
    assert statement(r"<answer>\boxed{6</answer> indeed").closed is True


def test_a_withdrawn_answer_is_read_past():
    response = r"\boxed{5}. Wait, that is wrong: let me count again"
    reading = read(response)
    assert reading.statements == ()
    assert response[reading.start :] == "let me count again"


def test_spans_lie_where_the_statement_stands():
    response = r"So $\boxed{5}$. The answer is 6 cm."
    announced, box = read(response).statements
    assert response[box.start : box.end] == r"\boxed{5}"
    assert response[announced.start : announced.end].strip(".") == "6 cm"


KEPT = [
    "If we had used 5, the answer would be 7.",
    "Using 5 instead, the answer would be 7.",
    "For n = 5, the answer would be 7.",
    "without this condition the answer is 7",
    "The answer to part (a) is 7, used above.",
    "Similar problem: the answer is 7.",
    "The answer in hours is 0.2.",
    "Otherwise the answer would be 7.",
    "Suppose the order matters; then the answer is 7.",
    "The answer for n = 5 is 7.",
    "I made a mistake earlier in step 2, but corrected it.",
    "This is a mistake many make: they get 7.",
    "There is an error in the problem statement: it should say 7.",
    "But that is not correct for n = 0, which is excluded.",
    "Correction: none.",
    "I made a mistake.",
    "（从5人中选3人）。",
    "验证：从5个中选 3 个，C(5,3)=7。",
    "检验：2*10+5的结果是25。",
    "如果是5个人，答案就是7。",
    "第一问的答案是7。",
    "我们选$x=3$代入。",
]
REPLACED = [
    "So the answer would be 13.",
    "The answer should be 13.",
    "Using the formula, the answer is 13.",
    "Correction: 13.",
    "I made a mistake: it is 13.",
    "There is a mistake. The answer is 13.",
    "Wait, that is wrong: there are 13.",
    "所以答案是13。",
    "最终结果是13。",
    "【答案】13",
]


@pytest.mark.parametrize("joint", [" ", "\n\n", ". "])
def test_what_replaces_a_box_is_claimed_of_the_same_question(joint):
    box = r"\boxed{12}"
    kept = {remark: statement(box + joint + remark) for remark in KEPT}
    assert [remark for remark, one in kept.items() if one is None or one.text != "12"] == []
    replaced = {remark: statement(box + joint + remark) for remark in REPLACED}
    assert [
        remark for remark, one in replaced.items() if one is None or not one.text.endswith("13")
    ] == []


def test_a_bare_choice_in_chinese_needs_a_letter():
    assert statement("从5个人中选3个人，共有10种方法。") is None
    assert [statement(text).text for text in ("选B", "【答案】B", "故选$3$")] == ["B", "B", "$3$"]


SENTENCE = "We compute x = 3 + 4 < 10, f(x) is about 12, so we go on. I think [1,2] is to check.\n"
LONG = {
    "boxes": r"\boxed{" * 40_000,
    "closed boxes": r"\boxed{1}," * 40_000,
    "nested boxes": r"\boxed{" * 20_000 + "}" * 20_000,
    "braces": "{" * 400_000,
    "answers": "the answer is " * 40_000,
    "denials": "The answer is not 5. " * 40_000,
    "retractions": r"\boxed{5} Wait, that is wrong. " * 20_000,
    "tags": "<answer>" * 60_000,
    "thoughts": "<think>" * 60_000,
    "tokens": "<|begin_of_box|>" * 30_000,
    "blanks": "answer" + " " * 400_000 + ":",
    "lines": "\n" * 400_000,
    "commas": "the answer is 5, " * 40_000,
    "Chinese answers": "答案是." * 20_000,
    "Chinese choices": "故选A " * 20_000,
}


@pytest.mark.parametrize("name", LONG)
def test_time_grows_with_length_alone(name):
    begun = time.perf_counter()
    read(LONG[name])
    assert time.perf_counter() - begun < 5


def test_a_long_response_without_a_statement_is_read_in_a_millisecond_or_two():
    """The best of several, so that a busy machine fails nothing; about 0.4 ms on a quiet one."""
    response = SENTENCE * (40_000 // len(SENTENCE))
    spent = []
    for _ in range(10):
        begun = time.perf_counter()
        assert read(response).statements == ()
        spent.append(time.perf_counter() - begun)
    assert min(spent) < 0.003


def test_boxes_are_listed_in_the_order_of_their_ends():
    assert [box.text for box in boxes(r"\boxed{a\boxed{b}} \boxed{c} \boxed{d")] == ["b", "c", "d"]
