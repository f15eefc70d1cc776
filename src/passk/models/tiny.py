"""Tiny models of published architectures, from scratch: real classes, under a million weights."""

from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig
from transformers.modeling_utils import PreTrainedModel
from transformers.tokenization_utils_tokenizers import TokenizersBackend
from transformers.utils import logging

# What a checkpoint consists of; anything else would carry times or paths.
CHECKPOINT_FILES = frozenset(
    {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
)


_FAMILIES = {"qwen2": "Qwen2", "llama": "Llama"}


def _classes(family: str) -> tuple[type[Any], type[Any]]:
    """Configuration and model class; only the one architecture is imported."""
    if family not in _FAMILIES:
        raise ValueError(f"family {family!r}: legal are {', '.join(_FAMILIES)}")
    place, name = f"transformers.models.{family}", _FAMILIES[family]
    configuration = import_module(f"{place}.configuration_{family}")
    model = import_module(f"{place}.modeling_{family}")
    return getattr(configuration, f"{name}Config"), getattr(model, f"{name}ForCausalLM")


def tiny_model(
    family: str,
    *,
    layers: int,
    width: int,
    heads: int,
    key_value_heads: int,
    feed_forward: int,
    context: int,
    rope_theta: float,
    init_std: float,
    tokenizer: TokenizersBackend,
    seed: int,
) -> PreTrainedModel:
    """A model with random weights; end-of-text and padding agree with the tokenizer.

    Args:
        family: `qwen2` or `llama`.
        layers: transformer blocks.
        width: size of the residual stream; a multiple of `heads`.
        heads: attention heads.
        key_value_heads: heads of keys and values; divides `heads`.
        feed_forward: inner size of the gated feed-forward layer.
        context: longest sequence, in tokens.
        rope_theta: base of the rotary position embedding.
        init_std: standard deviation of the initial weights.
        tokenizer: gives vocabulary size and special tokens.
        seed: of the initial weights.
    """
    configuration_class, model_class = _classes(family)
    end = tokenizer.eos_token_id
    configuration = configuration_class(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=feed_forward,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=key_value_heads,
        max_position_embeddings=context,
        rope_parameters={"rope_type": "default", "rope_theta": rope_theta},
        initializer_range=init_std,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(seed)
    model: PreTrainedModel = model_class._from_config(
        configuration, dtype=torch.float32, attn_implementation="sdpa"
    )
    model.generation_config = GenerationConfig(
        eos_token_id=end, pad_token_id=tokenizer.pad_token_id
    )
    return model


def save_checkpoint(model: PreTrainedModel, tokenizer: TokenizersBackend, folder: Path) -> None:
    """Write a plain checkpoint that transformers, TRL and vLLM load: weights, config, tokenizer.

    Raises:
        RuntimeError: transformers wrote a file that no checkpoint of ours holds.
    """
    logging.disable_progress_bar()  # the stage has a bar of its own
    model.save_pretrained(folder)
    # A chat template stays in tokenizer_config.json: no file that a copy could leave behind.
    tokenizer.save_pretrained(folder, save_jinja_files=False)
    if strange := {path.name for path in folder.iterdir()} - CHECKPOINT_FILES:
        raise RuntimeError(f"{folder}: unexpected file(s) in a checkpoint: {sorted(strange)}")
