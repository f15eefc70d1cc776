"""A small byte-level BPE, saved as the architecture's own tokenizer class.

transformers' `AutoTokenizer` picks the class that belongs to an architecture and rebuilds it from
the vocabulary; a tokenizer of another class beside the weights would silently be read as
different token ids. So the vocabulary is trained with the very pre-tokenizer of that class.
"""

import json
from collections.abc import Iterable
from typing import Any

from tokenizers import Tokenizer, pre_tokenizers, trainers
from tokenizers.models import BPE
from transformers.models.qwen2.tokenization_qwen2 import Qwen2Tokenizer
from transformers.tokenization_utils_tokenizers import TokenizersBackend

END = "<|endoftext|>"  # ends a response, and pads; there is no token that begins a text


def _train(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """A trained byte-level BPE with Qwen2's pre-tokenizer, which keeps digits apart."""
    backend = Tokenizer(BPE())
    template = Qwen2Tokenizer().backend_tokenizer
    backend.normalizer = template.normalizer
    backend.pre_tokenizer = template.pre_tokenizer
    backend.decoder = template.decoder
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    return backend


def train_tokenizer(
    family: str, texts: Iterable[str], vocabulary: int, context: int
) -> TokenizersBackend:
    """Train a tokenizer of an architecture family on texts.

    Args:
        family: `qwen2` (class Qwen2Tokenizer) or `llama` (as Llama 3 publishes its own: a plain
            fast tokenizer, which AutoTokenizer reads from `tokenizer.json` as it is).
        texts: what to learn merges from.
        vocabulary: number of tokens at most, at least 257: all bytes and the end-of-text token.
        context: the model's longest sequence.

    Raises:
        ValueError: the family is unknown, or the vocabulary cannot hold all bytes.
    """
    if vocabulary < 257:
        raise ValueError(f"vocabulary {vocabulary}: at least 257 (all bytes and {END})")
    backend = _train(texts, vocabulary)
    options: dict[str, Any] = {
        "eos_token": END,
        "pad_token": END,
        "model_max_length": context,
        "clean_up_tokenization_spaces": False,
    }
    if family == "qwen2":
        model = json.loads(backend.to_str())["model"]
        merges: Any = [tuple(pair) for pair in model["merges"]]  # as tokenizers wants them
        return Qwen2Tokenizer(vocab=model["vocab"], merges=merges, unk_token=END, **options)
    if family == "llama":
        return TokenizersBackend(tokenizer_object=backend, **options)
    raise ValueError(f"family {family!r}: legal are qwen2, llama")
