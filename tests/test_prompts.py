"""Prompts: the paper's wording, and nothing of an answer in it."""

from pathlib import Path

import polars as pl
import pytest
from tests.conftest import SHARED
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from passk.core.schemas.problems import ASKED, PROBLEMS
from passk.data.prompts import PromptError, encode, messages, render, template, templates

CHAT = (
    "{% for m in messages %}<|{{ m.role }}|>"
    "{% if m.content is string %}{{ m.content }}"
    "{% else %}{% for c in m.content %}"
    "{{ '<image>' if c.type == 'image' else c.text }}{% endfor %}{% endif %}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="module")
def tokenizer():
    backend = Tokenizer(models.WordLevel({"<s>": 0, "?": 1}, unk_token="?"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    made = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", unk_token="?")
    made.chat_template = CHAT
    return made


PROBLEM = {"question": r"What is {question} or \boxed{x}?", "starter_code": None}


def test_plain_is_the_question_and_a_line_break():
    assert render("plain", {"question": "f(12)"}) == "f(12)\n"


def test_texts_of_the_paper(tokenizer):
    assert render("simplerl", {"question": "1+1?"}, tokenizer) == (
        "<|system|>You are a helpful assistant.<|end|><|user|>1+1?\nPlease reason step by step, "
        r"and put your final answer within \boxed{}.<|end|><|assistant|>"
    )
    assert render("oat", {"question": "1+1?"}, tokenizer) == (
        r"<|system|>Please reason step by step, and put your final answer within \boxed{}.<|end|>"
        "<|user|>1+1?<|end|><|assistant|>"
    )
    assert render("verl", {"question": "1+1?"}).endswith(
        "<answer> answer here </answer>. User: 1+1? Assistant:"
    )
    evalplus = render("evalplus", {"question": "def f():"}, tokenizer)
    assert "code block:\n```\ndef f():\n```\n<|end|>" in evalplus
    assert evalplus.endswith("passes corresponding tests:\n```python\n")
    assert "<|user|><image>1+1?<|end|>" in render("easyr1", {"question": "1+1?"}, tokenizer)


def test_every_phrase_of_the_papers_table_is_there():
    # That page is the source; where it is absent there is nothing to compare with.
    source = SHARED / "PROMPTS.md"
    if not source.exists():
        pytest.skip("needs ../shared/PROMPTS.md")
    text = source.read_text(encoding="utf-8")
    for name, form in templates().items():
        if name in ("plain", "simplerl-abel"):  # of this project, and of SimpleRL-Zoo's code
            continue
        parts = [form.system, form.user, form.prefix]
        if form.format:
            parts += [form.format.with_starter_code, form.format.without, form.format.no_code]
        for part in filter(None, parts):
            for line in part.replace("```python", "").replace("```", "").split("\n"):
                for piece in line.replace("{question}", "\0").replace("{format}", "\0").split("\0"):
                    assert piece.replace("{starter_code}", "").strip() in text, (name, piece)


def test_code_with_and_without_starter_code(tokenizer):
    bare = render("livecodebench", PROBLEM, tokenizer)
    assert "### Format: Read the inputs from stdin" in bare
    assert "```python\n# YOUR CODE HERE\n```" in bare
    given = render("livecodebench", {**PROBLEM, "starter_code": "def {question}():"}, tokenizer)
    assert "### Format: You will use the following starter code" in given
    assert "```python\ndef {question}():\n```" in given  # braces of a problem stay as they are
    assert given.endswith("<|assistant|>```python\n")


def test_braces_of_a_question_stay():
    assert render("plain", PROBLEM) == PROBLEM["question"] + "\n"


def test_answers_and_tests_change_no_byte_of_any_prompt(tokenizer):
    row = dict.fromkeys(PROBLEMS.columns) | {
        "problem_id": "1", "domain": "code", "set": "s", "index": 0, "question": "Q {question}?",
        "answer": "42", "answer_type": "text", "source": "x", "starter_code": "def f(): pass",
    }  # fmt: skip
    hidden = [name for name in PROBLEMS.columns if name not in ASKED]
    assert {"answer", "tests"} <= set(hidden)
    frame = pl.DataFrame([row], schema=dict(PROBLEMS.columns))
    for name in templates():
        expected = render(name, row, tokenizer)
        assert expected == render(name, frame.select(ASKED).row(0, named=True), tokenizer)
        for column in hidden:
            changed = {**row, column: "LEAK"}
            assert render(name, changed, tokenizer) == expected


def test_special_tokens_come_once(tokenizer):
    class Recorder:
        def encode(self, text, *, add_special_tokens):
            return [add_special_tokens]

    assert encode("plain", "x", Recorder()) == [True]
    assert encode("oat", "x", Recorder()) == [False]


def test_plain_prompts_are_those_of_the_papers_code_to_the_byte():
    dapo = render("dapo", {"question": "1+1?"})
    assert dapo.startswith("A conversation between user and assistant. The user asks")
    assert dapo.endswith('own line after "Answer:".\nassistant')
    abel = render("simplerl-abel", {"question": "1+1?"})
    assert abel == "Question:\n1+1?\nAnswer:\nLet's think step by step.\n"


def test_registry_says_what_is_verified(tmp_path):
    assert all(template(name).verified for name in templates())
    own = tmp_path / "mine.yaml"
    own.write_text("chat: false\nuser: '{question}'\n")
    assert not template(str(own)).verified


def test_a_relative_path_names_the_file_of_this_folder_as_it_is_now(tmp_path, monkeypatch):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        Path("mine.yaml").write_text(f"chat: false\nuser: '{folder} {{question}}'\n")
        assert render("./mine.yaml", PROBLEM).startswith(folder)
    Path("mine.yaml").write_text("chat: false\nuser: 'changed {question}'\n")
    assert render("./mine.yaml", PROBLEM).startswith("changed")


def test_options_reach_the_chat_template(tokenizer):
    thinking = PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer)
    thinking.chat_template = CHAT + "{% if not enable_thinking %}<think></think>{% endif %}"
    on, off = (
        render("oat", PROBLEM, thinking, {"enable_thinking": value}) for value in (True, False)
    )
    assert off == on + "<think></think>"
    assert on == render("oat", PROBLEM, tokenizer)


def test_a_base_without_a_chat_template_gets_a_named_one(tokenizer, tmp_path):
    bare = PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, bos_token="<s>")
    chatml = render("simplerl", {"question": "1+1?"}, bare, {"chat_template": "chatml"})
    assert chatml == (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n1+1?\n"
        "Please reason step by step, and put your final answer within \\boxed{}.<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    image = render("image", {"question": "?"}, bare, {"chat_template": "chatml"})
    assert "user\n<|vision_start|><|image_pad|><|vision_end|>?<|im_end|>" in image
    llama = render("oat", {"question": "1+1?"}, bare, {"chat_template": "llama3"})
    assert llama.startswith("<s><|start_header_id|>system<|end_header_id|>\n\nPlease reason")
    assert llama.endswith("1+1?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n")
    own = tmp_path / "own.jinja"
    own.write_text("{% for m in messages %}[{{ m.content }}]{% endfor %}")
    assert render("oat", {"question": "?"}, bare, {"chat_template": str(own)}).endswith("[?]")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chat_template": "chatlm"}, "did you mean 'chatml'"),
        ({"chat_template": "none/such.jinja"}, "no such file"),
        ({"chat_template": 3}, "legal: a name"),
        ({"tokenize": True}, "is decided by passk"),
    ],
)
def test_options_that_would_change_what_is_recorded_are_refused(tokenizer, options, message):
    with pytest.raises(PromptError, match=message):
        render("oat", PROBLEM, tokenizer, options)


def test_a_chat_template_without_a_place_for_the_question_is_refused(tokenizer):
    mute = PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer)
    mute.chat_template = "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    with pytest.raises(PromptError, match="does not show the question"):
        render("oat", PROBLEM, mute)


def test_errors_name_what_is_legal(tokenizer):
    with pytest.raises(PromptError, match="did you mean 'simplerl'"):
        template("simple-rl")
    with pytest.raises(PromptError, match="needs the model's tokenizer"):
        render("oat", PROBLEM)
    bare = PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer)
    with pytest.raises(PromptError, match="plain one: dapo, plain, simplerl-abel, verl"):
        render("oat", PROBLEM, bare)


def test_messages_of_a_picture_stand_before_the_text():
    content = messages("easyr1", {"question": "q"})[1]["content"]
    assert [part["type"] for part in content] == ["image", "text"]


def test_a_template_that_reads_the_clock_gives_the_same_prompt_every_day(tokenizer, monkeypatch):
    dated = "Today is {{ strftime_now('%d %b %Y') }}. " + CHAT
    monkeypatch.setattr(tokenizer, "chat_template", dated)
    assert render("oat", {"question": "1+1?"}, tokenizer).startswith("Today is 26 Jul 2024. ")


def test_options_reach_the_models_template(tokenizer, monkeypatch):
    monkeypatch.setattr(tokenizer, "chat_template", CHAT + "{% if think %}<think>{% endif %}")
    shown = render("oat", {"question": "1+1?"}, tokenizer, {"think": True})
    assert shown == render("oat", {"question": "1+1?"}, tokenizer) + "<think>"
