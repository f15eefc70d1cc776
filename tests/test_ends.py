"""What ends a response: declared tokens, marks of a chat template's turns, stop strings."""

import shutil

import numpy as np
import pytest

from passk.config import paths
from passk.core.files import read_json, write_json
from passk.core.schemas.samples import SAMPLES
from passk.models.tokenizer import CHAT_TEMPLATE, END, TURN, TURN_END, train_tokenizer
from passk.pipeline.stages.sample import run
from passk.sampling.ends import find_ends, find_turn_marks, join_ends
from passk.sampling.stopping import StopStrings
from toy_checkpoint import QUESTIONS, job, uneven_qwen2, write_set

# Templates as they are published, shortened: marks, and what is between two turns.
LLAMA3 = (
    "{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
    "{{ m.content | trim }}<|eot_id|>{% endfor %}"
)
MISTRAL = (
    "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }}[/INST]"
    "{% else %} {{ m.content }}</s>{% endif %}{% endfor %}"
)
GEMMA = (
    "{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content }}<end_of_turn>\n{% endfor %}"
)
GLM = "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}"
OSS = (
    "{% for m in messages %}{% if m.role == 'user' %}<|start|>user<|message|>{{ m.content }}<|end|>"
    "{% else %}{% if m.thinking and loop.last %}<|start|>assistant<|channel|>analysis<|message|>"
    "{{ m.thinking }}<|end|>{% endif %}<|start|>assistant<|channel|>final<|message|>{{ m.content }}"
    "{{ '<|return|>' if loop.last else '<|end|>' }}{% endif %}{% endfor %}"
)
WORDS = "{% for m in messages %}### {{ m.role }}:\n{{ m.content }}\n\n{% endfor %}"
STRICT = "{% if messages | length > 1 %}{{ raise_exception('one message') }}{% endif %}[X]"
PUBLISHED = {
    "ChatML": (CHAT_TEMPLATE, {TURN_END}, {TURN_END, TURN}),
    "Llama 3": (LLAMA3, {"<|eot_id|>"}, {"<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"}),
    "Mistral": (MISTRAL, {"</s>"}, {"</s>", "[INST]"}),
    "Gemma": (GEMMA, {"<end_of_turn>"}, {"<end_of_turn>", "<start_of_turn>"}),
    "GLM": (GLM, {"<|user|>"}, {"<|user|>"}),
    "gpt-oss": (OSS, {"<|return|>"}, {"<|return|>"}),
    "plain words": (WORDS, set(), set()),
    "one turn alone": (STRICT, set(), set()),
}
SPECIAL = sorted({mark for _, _, marks in PUBLISHED.values() for mark in marks}
                 | {"[/INST]", "<|assistant|>", "<|start|>", "<|end|>", "<|channel|>",
                    "<|message|>"})  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer():
    made = train_tokenizer("qwen2", QUESTIONS, vocabulary=300, context=64, chat=True)
    made.add_special_tokens({"additional_special_tokens": SPECIAL})
    return made


@pytest.mark.parametrize("name", PUBLISHED)
def test_marks_of_turns_are_found_in_published_templates(tokenizer, name):
    tokenizer.chat_template, closing, between = PUBLISHED[name]
    found = find_turn_marks(tokenizer)
    assert {tokenizer.decode([token]) for token in found.closing} == closing
    assert {tokenizer.decode([token]) for token in found.between} == between


def test_a_model_that_declares_its_end_of_turn_is_taken_at_its_word(tokenizer):
    tokenizer.chat_template = CHAT_TEMPLATE
    end, turn, turn_end = tokenizer.convert_tokens_to_ids([END, TURN, TURN_END])
    tokenizer.eos_token = TURN_END
    assert join_ends([end], tokenizer) == tuple(sorted((end, turn_end)))
    tokenizer.eos_token = END  # as Qwen2.5's base models are published
    assert join_ends([end], tokenizer) == tuple(sorted((end, turn, turn_end)))
    tokenizer.chat_template = None
    assert join_ends([end], tokenizer) == (end,)
    tokenizer.eos_token = TURN_END


@pytest.fixture
def base(tmp_path, monkeypatch):
    """A base model with a chat template whose only declared end is that of a document."""
    monkeypatch.chdir(tmp_path)
    folder = paths.model("toy", "base")
    tokenizer = train_tokenizer("qwen2", QUESTIONS, vocabulary=262, context=64, chat=True)
    tokenizer.eos_token = END
    model = uneven_qwen2(len(tokenizer))
    model.generation_config.eos_token_id = tokenizer.convert_tokens_to_ids(END)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_set("one", QUESTIONS[:3])
    return folder, tokenizer


def draws(**changes):
    ways = {"sets": ["one"], "n": 32, "temperature": 3.0, "top_p": 1.0, "max_new_tokens": 30}
    return job(**{**ways, **changes})


@pytest.mark.parametrize("engine", ["step_loop", "generate"])
@pytest.mark.parametrize("template", ["oat", "plain"])
def test_no_sample_of_a_base_with_a_chat_template_goes_on_into_a_next_turn(base, engine, template):
    folder, tokenizer = base
    marks = find_ends(folder, tokenizer)
    assert {tokenizer.decode([token]) for token in marks} == {END, TURN, TURN_END}
    if template == "oat":
        template = "mine/chat.yaml"
        (folder.parents[2] / "mine").mkdir()
        (folder.parents[2] / "mine" / "chat.yaml").write_text("chat: true\nuser: '{question}'\n")
    measured = run(draws(engine=engine, template=template))
    assert {measured[f"end_token_{i}"] for i in range(3)} == set(map(float, marks))
    frame = SAMPLES.read(paths.samples("toy", "base"))
    ended = 0
    for row in frame.iter_rows(named=True):
        assert not set(row["token_ids"][:-1]) & set(marks)
        assert "<|im_" not in row["text"]
        ended += row["token_ids"][-1] in marks[1:]
    assert ended > 0, "none of these samples would have gone on"


def test_further_ends_are_in_the_names_of_blocks_and_declared_ones_are_not(base):
    folder, tokenizer = base
    declared = read_json(folder / "generation_config.json")
    run(draws(template="plain", n=8))
    first = set(SAMPLES.read(paths.samples("toy", "base"))["seed"])
    # A tokenizer without the template, and one that is declared: other recipes both.
    write_json(folder / "generation_config.json",
               declared | {"eos_token_id": list(find_ends(folder, tokenizer))})  # fmt: skip
    assert run(draws(template="plain", n=8))["reused"] == 0
    assert not first & set(SAMPLES.read(paths.samples("toy", "base"))["seed"])


@pytest.fixture
def plain(tmp_path, monkeypatch, base):
    shutil.rmtree(paths.model("toy", "base"))
    tokenizer = train_tokenizer("qwen2", QUESTIONS, vocabulary=300, context=64)
    model = uneven_qwen2(len(tokenizer))
    model.generation_config.eos_token_id = 0
    model.save_pretrained(paths.model("toy", "base"))
    tokenizer.save_pretrained(paths.model("toy", "base"))
    return tokenizer


@pytest.mark.parametrize("engine", ["step_loop", "generate"])
def test_stop_strings_end_a_response_and_are_cut_off(plain, engine):
    whole = draws(engine=engine, template="plain", n=16, temperature=1.5)
    run(whole)
    before = SAMPLES.read(paths.samples("toy", "base"))
    stop = ["g", "("]
    assert before["text"].str.contains("g|\\(").any()
    assert run(draws(engine=engine, template="plain", n=16, temperature=1.5, stop=stop))["drawn"]
    frame = SAMPLES.read(paths.samples("toy", "base"))
    stopped = 0
    for row in frame.iter_rows(named=True):
        assert not any(string in row["text"] for string in stop)
        ids = row["token_ids"]
        text = plain.decode(ids, skip_special_tokens=True)
        assert text.startswith(row["text"])
        assert not any(string in plain.decode(ids[:-1]) for string in stop)
        if any(string in text for string in stop):
            stopped += 1
            assert row["finish_reason"] == "stop"
    assert stopped > 5


def test_a_stop_string_over_several_tokens_is_seen_when_it_is_whole(plain):
    stop = StopStrings(("\n\nUser:",), plain)
    ids = plain.encode("42\n\nUser: next")
    ended = [stop(np.asarray(ids[:count], np.int32)) for count in range(1, len(ids) + 1)]
    assert ended.index(True) == next(
        count for count in range(len(ids)) if "\n\nUser:" in plain.decode(ids[: count + 1])
    )
    assert stop.cut("42\n\nUser: next\n\nUser: more") == "42"
