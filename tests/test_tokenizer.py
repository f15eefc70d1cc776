"""The tokenizer reads back to the same ids by every way in which a checkpoint is loaded."""

import json

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer

from passk.domains.math.world.digits import DigitsWorld
from passk.domains.math.world.functions import FUNCTIONS
from passk.domains.math.world.operations import OPERATIONS
from passk.domains.math.world.questions import FAMILIES
from passk.domains.world import Mixture
from passk.models.tiny import CHECKPOINT_FILES, make_tiny_model, save_checkpoint
from passk.models.tokenizer import END, train_tokenizer

MIXTURE = Mixture(dict.fromkeys(FAMILIES, 1.0), {1: 1, 2: 1, 3: 1, 4: 1}, 0.0, 0.5, 0.3)
DOCUMENTS = [DigitsWorld().document(MIXTURE, i) for i in range(800)]
TEXTS = [f"{one.question}\n{one.response}" for one in DOCUMENTS]
STRANGE = ["", " ", "naïve 日本 🙂\n\n\tx", f"a{END}b", "1234567 -3.5e2", r"\frac{1}{2}", "é é"]
SHAPE = {
    "layers": 1, "width": 32, "heads": 1, "key_value_heads": 1, "feed_forward": 32, "context": 96,
    "rope_theta": 1000.0, "init_std": 0.1,
}  # fmt: skip


@pytest.fixture(params=["qwen2", "llama"])
def family(request):
    return request.param


@pytest.fixture
def checkpoint(family, tmp_path):
    tokenizer = train_tokenizer(family, TEXTS, 384, 96)
    model = make_tiny_model(family, **SHAPE, tokenizer=tokenizer, seed=1)
    save_checkpoint(model, tokenizer, tmp_path / "model")
    return tmp_path / "model", tokenizer, model


def test_auto_tokenizer_gives_the_same_ids_and_texts(checkpoint):
    folder, tokenizer, _ = checkpoint
    loaded = AutoTokenizer.from_pretrained(folder)
    assert type(loaded) is type(tokenizer)
    for text in TEXTS + STRANGE:
        ids = tokenizer(text)["input_ids"]
        assert loaded(text)["input_ids"] == ids
        assert loaded.decode(ids) == text.replace("é", "é")  # NFC, as Qwen2 normalises
    # Loading and saving again changes nothing either.
    loaded.save_pretrained(folder.parent / "again")
    again = AutoTokenizer.from_pretrained(folder.parent / "again")
    assert [again(text)["input_ids"] for text in TEXTS] == [
        tokenizer(t)["input_ids"] for t in TEXTS
    ]


def test_plain_tokenizers_reads_the_same_ids(checkpoint):
    folder, tokenizer, _ = checkpoint
    # What vLLM and others read.
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for text in TEXTS + STRANGE:
        assert plain.encode(text).ids == tokenizer(text)["input_ids"]


def test_the_class_is_the_architectures_own(checkpoint, family):
    folder, _, _ = checkpoint
    named = json.loads((folder / "tokenizer_config.json").read_text())["tokenizer_class"]
    assert named == {"qwen2": "Qwen2Tokenizer", "llama": "TokenizersBackend"}[family]


def test_end_and_padding_agree_everywhere(checkpoint):
    folder, tokenizer, _ = checkpoint
    model = AutoModelForCausalLM.from_pretrained(folder)
    end = tokenizer.convert_tokens_to_ids(END)
    for holder in (tokenizer, model.config, model.generation_config):
        assert holder.eos_token_id == holder.pad_token_id == end
    assert tokenizer.bos_token_id is None
    assert model.config.vocab_size == len(tokenizer)
    assert tokenizer("f(1)\n")["input_ids"][-1] != end  # no token is added


def test_a_checkpoint_holds_weights_config_and_tokenizer_only(checkpoint):
    folder, _, _ = checkpoint
    assert {path.name for path in folder.iterdir()} == CHECKPOINT_FILES
    for name in CHECKPOINT_FILES - {"model.safetensors"}:
        assert str(folder.parent) not in (folder / name).read_text()


def test_generation_ends_at_the_end_token(checkpoint):
    _, tokenizer, model = checkpoint
    with torch.no_grad():
        model.lm_head.weight[tokenizer.eos_token_id] += 100  # tied: the only likely token
    ids = tokenizer("f(12345)\n", return_tensors="pt")
    out = model.generate(**ids, max_new_tokens=5, do_sample=False)
    assert out.shape[1] <= ids["input_ids"].shape[1] + 5


def test_names_and_operations_are_single_tokens_and_digits_stand_apart():
    tokenizer = train_tokenizer("qwen2", TEXTS, 384, 96)
    for name in FUNCTIONS:
        assert len(tokenizer.tokenize(f" {name}")) == 1
    for operation in OPERATIONS:
        assert len(tokenizer.tokenize(f":{operation}")) == 1
    assert len(tokenizer.tokenize("90417")) == 5
    lengths = [
        (len(tokenizer.tokenize(f"{one.question}\n")), len(tokenizer.tokenize(one.response)))
        for one in DOCUMENTS
    ]
    assert max(prompt for prompt, _ in lengths) <= 20
    assert max(response for _, response in lengths) <= 42


def test_a_prompt_and_its_response_are_split_between_tokens():
    tokenizer = train_tokenizer("qwen2", TEXTS, 384, 96)
    for one in DOCUMENTS:
        whole = tokenizer(f"{one.question}\n{one.response}")["input_ids"]
        prompt, response = (
            tokenizer(part)["input_ids"] for part in (f"{one.question}\n", one.response)
        )
        assert whole == prompt + response


def test_training_is_deterministic():
    a, b = (train_tokenizer("qwen2", TEXTS, 320, 96) for _ in range(2))
    assert a.backend_tokenizer.to_str() == b.backend_tokenizer.to_str()


def test_too_small_a_vocabulary_and_unknown_families_are_refused():
    with pytest.raises(ValueError, match="257"):
        train_tokenizer("qwen2", TEXTS, 100, 96)
    with pytest.raises(ValueError, match="qwen2, llama"):
        train_tokenizer("gpt", TEXTS, 300, 96)
