"""The tree of everything that can be drawn: against all sequences by hand, and against samples."""

import itertools

import numpy as np
import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from passk.sampling.decoding import DecodingConfig
from passk.sampling.expansion import expand
from passk.sampling.tokens import prepare_draws

PROMPT = [1, 4, 2]
END = 0


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(11)
    config = Qwen2Config(
        vocab_size=6, hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=64,
        initializer_range=0.5,
    )  # fmt: skip
    return Qwen2ForCausalLM(config).eval()


def config(**changes):
    given = {"temperature": 0.8, "top_p": 0.9, "max_new_tokens": 4, "eos_ids": (END,), "rows": 3}
    return DecodingConfig(**given | changes)


def next_chances(model, ids, decoding):
    """Chances of each next token, by a whole forward pass."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids])).logits[:, -1]
    distribution = prepare_draws(logits, decoding.temperature, decoding.top_p)
    if distribution.open[0] < 0:
        chances = np.zeros(6)
        chances[distribution.best[0]] = 1.0
        return chances
    ladder = distribution.ladder[0].numpy()
    return np.diff(ladder, prepend=0.0) / ladder[-1]


@pytest.mark.parametrize("changes", [{}, {"top_p": 1.0}, {"temperature": 0.3}, {"rows": 1000}])
def test_leaves_are_all_sequences_with_their_chances(model, changes):
    decoding = config(**changes)
    expected = {}
    for length in range(1, 5):
        for tokens in itertools.product(range(6), repeat=length):
            ended = tokens[-1] == END
            if END in tokens[:-1] or not (ended or length == 4):
                continue
            chance = 1.0
            for place, token in enumerate(tokens):
                chance *= next_chances(model, [*PROMPT, *tokens[:place]], decoding)[token]
                if not chance:
                    break
            if chance:
                expected[tokens] = chance
    tree = expand(model, PROMPT, decoding, smallest=0.0)
    found = {leaf.tokens: leaf.chance for leaf in tree.leaves}
    assert len(found) == len(tree.leaves)  # none twice
    assert found.keys() == expected.keys()
    for tokens, chance in expected.items():
        assert found[tokens] == pytest.approx(chance, abs=1e-6)
    assert sum(found.values()) == pytest.approx(1.0)
    assert tree.unexpanded == 0.0
    for leaf in tree.leaves:
        assert leaf.stopped == (leaf.tokens[-1] == END)


def test_what_is_not_followed_is_known(model):
    whole = expand(model, PROMPT, config(), smallest=0.0)
    part = expand(model, PROMPT, config(), smallest=0.02)
    assert len(part.leaves) < len(whole.leaves)
    assert part.unexpanded > 0
    assert sum(leaf.chance for leaf in part.leaves) + part.unexpanded == pytest.approx(1.0)
    assert part.nodes < whole.nodes
    chances = {leaf.tokens: leaf.chance for leaf in whole.leaves}
    for leaf in part.leaves:
        assert leaf.chance == pytest.approx(chances[leaf.tokens], abs=1e-6)


def test_a_text_that_ends_a_response_ends_its_branch(model):
    def ends_early(tokens):
        return tokens[-1] == 3

    tree = expand(model, PROMPT, config(ends_early=ends_early, top_p=1.0), smallest=0.0)
    assert any(leaf.tokens[-1] == 3 for leaf in tree.leaves)
    assert not any(3 in leaf.tokens[:-1] for leaf in tree.leaves)
    assert sum(leaf.chance for leaf in tree.leaves) == pytest.approx(1.0)
