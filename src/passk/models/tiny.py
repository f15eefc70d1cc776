"""Tiny models of published architectures, from scratch: real classes, under a million weights."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig
from transformers.modeling_utils import PreTrainedModel
from transformers.tokenization_utils_tokenizers import TokenizersBackend
from transformers.utils import logging

from passk.models.tokenizer import IMAGE, VIDEO, VISION, VISION_END

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
# Besides, of a model that takes images.
IMAGE_FILES = frozenset({"preprocessor_config.json"})

_FAMILIES = {"qwen2": "Qwen2", "llama": "Llama"}


def _import_classes(family: str) -> tuple[type[Any], type[Any]]:
    """Configuration and model class; only the one architecture is imported."""
    if family not in _FAMILIES:
        raise ValueError(f"family {family!r}: legal are {', '.join(_FAMILIES)}")
    package, name = f"transformers.models.{family}", _FAMILIES[family]
    configuration = import_module(f"{package}.configuration_{family}")
    model = import_module(f"{package}.modeling_{family}")
    return getattr(configuration, f"{name}Config"), getattr(model, f"{name}ForCausalLM")


def _list_special_tokens(tokenizer: TokenizersBackend) -> dict[str, Any]:
    """Tokens that a configuration names."""
    end = tokenizer.eos_token_id
    return {"bos_token_id": None, "eos_token_id": end, "pad_token_id": tokenizer.pad_token_id}


def make_tiny_model(
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
    vision: Mapping[str, int] | None = None,
) -> PreTrainedModel:
    """A model with random weights; end-of-text and padding agree with the tokenizer.

    Args:
        family: `qwen2`, `llama` or, with a vision tower, `qwen2_5_vl`.
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
        vision: `depth`, `width`, `heads`, `feed_forward` of the vision tower of `qwen2_5_vl`.
    """
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": width,
        "intermediate_size": feed_forward,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": key_value_heads,
        "max_position_embeddings": context,
        "rope_parameters": {"rope_type": "default", "rope_theta": rope_theta},
        "initializer_range": init_std,
        "tie_word_embeddings": True,
        **_list_special_tokens(tokenizer),
    }
    if family == "qwen2_5_vl":
        configuration, model_class = _configure_vision(text, vision or {}, tokenizer)
    else:
        configuration_class, model_class = _import_classes(family)
        configuration = configuration_class(**text)
    torch.manual_seed(seed)
    model: PreTrainedModel = model_class._from_config(
        configuration, dtype=torch.float32, attn_implementation="sdpa"
    )
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    return model


def _configure_vision(
    text: dict[str, Any], vision: Mapping[str, int], tokenizer: TokenizersBackend
) -> tuple[Any, type[Any]]:
    """Configuration and class of a Qwen2.5-VL: a vision tower before a Qwen2."""
    package = "transformers.models.qwen2_5_vl"
    configuration = import_module(f"{package}.configuration_qwen2_5_vl")
    model = import_module(f"{package}.modeling_qwen2_5_vl")
    half = text["hidden_size"] // text["num_attention_heads"] // 2
    # Qwen2.5-VL's own shares of time, height and width: 16, 24, 24 of 64.
    thirds = [half - 2 * (3 * half // 8), 3 * half // 8, 3 * half // 8]
    text["rope_parameters"] = {**text["rope_parameters"], "mrope_section": thirds}
    tower = {
        "depth": vision["depth"],
        "hidden_size": vision["width"],
        "num_heads": vision["heads"],
        "intermediate_size": vision["feed_forward"],
        "out_hidden_size": text["hidden_size"],
        "fullatt_block_indexes": list(range(vision["depth"])),
        "initializer_range": text["initializer_range"],
    }
    names = {
        "vision_start": VISION, "vision_end": VISION_END, "image": IMAGE, "video": VIDEO,
    }  # fmt: skip
    ids = {f"{name}_token_id": tokenizer.convert_tokens_to_ids(t) for name, t in names.items()}
    whole_config = configuration.Qwen2_5_VLConfig(
        text_config=text, vision_config=tower, **ids,
        **{key: text[key] for key in ("tie_word_embeddings", *_list_special_tokens(tokenizer))},
    )  # fmt: skip
    return whole_config, model.Qwen2_5_VLForConditionalGeneration


def save_checkpoint(
    model: PreTrainedModel,
    tokenizer: TokenizersBackend,
    folder: Path,
    images: Any = None,  # noqa: ANN401
) -> None:
    """Write a plain checkpoint that transformers, TRL and vLLM load: weights, config, tokenizer.

    Args:
        model: to be saved.
        tokenizer: of the model.
        folder: where.
        images: the image processor of a model that takes images.

    Raises:
        RuntimeError: transformers wrote a file that no checkpoint of ours holds.
    """
    logging.disable_progress_bar()  # the stage has a bar of its own
    model.save_pretrained(folder)
    # A chat template stays in tokenizer_config.json: no file that a copy could leave behind.
    tokenizer.save_pretrained(folder, save_jinja_files=False)
    if images is not None:
        images.save_pretrained(folder)
    legal = CHECKPOINT_FILES | (IMAGE_FILES if images is not None else frozenset())
    if strange := {path.name for path in folder.iterdir()} - legal:
        raise RuntimeError(f"{folder}: unexpected file(s) in a checkpoint: {sorted(strange)}")
