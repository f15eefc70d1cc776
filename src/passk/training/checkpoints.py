"""Checkpoints: what a model folder holds, and where a killed run goes on.

A model folder holds weights, configuration, generation configuration and tokenizer, nothing else:
no times, paths or arguments. The tokenizer's files are copied byte by byte from the start model,
because a tokenizer that is loaded and saved again need not give the same ids.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

from passk.core.files import read_json, replacing_folder
from passk.models import loading
from passk.models.policy_weights import copy_policy

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "preprocessor_config.json",  # of models that take images
)
COMPLETE = "complete"  # a resume point without this file was cut short by a kill


class ModelFolderError(ValueError):
    """A model folder is not what it must be; the message names it and the remedy."""


def load(folder: Path, dtype: str = "float32") -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Model and tokenizer of a folder.

    A tokenizer without a padding token pads with its end-of-text token; what it pads is masked.
    """
    logging.disable_progress_bar()  # the stage has a bar of its own
    if not (folder / "config.json").exists():
        raise ModelFolderError(f"{folder}: no config.json; run the stage that makes this model")
    if not any((folder / name).exists() for name in ("tokenizer.json", "tokenizer.model")):
        raise ModelFolderError(
            f"{folder}: checkpoint without a tokenizer; save the tokenizer beside the weights"
        )
    model = loading.load(folder, dtype)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if tokenizer.eos_token_id is None:
        raise ModelFolderError(
            f"{folder}: the tokenizer names no end-of-text token; write eos_token into "
            "tokenizer_config.json"
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def save(model: PreTrainedModel | PeftModel, start: Path, target: Path) -> None:
    """Write a model folder in one piece: float32 weights, adapters merged.

    Args:
        model: to be saved.
        start: the folder that the model began as, and whose tokenizer it uses.
        target: replaced where it exists.
    """
    if isinstance(model, PeftModel):
        model = copy_policy(model, start, torch.float32, "cpu")
    with replacing_folder(target) as temporary:
        with _cache_as_begun(model, start):
            model.save_pretrained(temporary)
        for name in TOKENIZER_FILES:
            if (start / name).exists():
                shutil.copyfile(start / name, temporary / name)


@contextmanager
def _cache_as_begun(model: PreTrainedModel, start: Path) -> Iterator[None]:
    """While a model is saved: training switches the key-value cache off, and would save that."""
    start_config = read_json(start / "config.json")
    model_config, text_config = model.config, model.config.get_text_config()
    use_cache = [dict(config.__dict__) for config in (model_config, text_config)]
    text_config.use_cache = start_config.get("text_config", start_config).get("use_cache", True)
    # A model with a vision tower need not say it twice.
    if model_config is not text_config:
        model_config.__dict__.pop("use_cache", None)
        if "use_cache" in start_config:
            model_config.use_cache = start_config["use_cache"]
    try:
        yield
    finally:
        for config, values in zip((model_config, text_config), use_cache, strict=True):
            config.__dict__.update(values)


def find_resume_point(folder: Path) -> Path | None:
    """The last complete resume point; incomplete ones are removed."""
    points: dict[int, Path] = {}
    for path in folder.glob("checkpoint-*"):
        if (path / COMPLETE).exists():
            points[int(path.name.removeprefix("checkpoint-"))] = path
        else:
            shutil.rmtree(path)
    return points[max(points)] if points else None


def count_resumed_updates(point: Path | None) -> int:
    """How many updates a resume point holds."""
    return int(point.name.removeprefix("checkpoint-")) if point else 0
