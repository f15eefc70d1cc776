"""What a model folder must hold to be sampled from, and what names it in block keys.

Light on purpose: a run that finds all its blocks never imports torch.
"""

from pathlib import Path
from typing import Any

from passk.core.digests import digest, file_digest
from passk.core.files import read_json

TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")
_TOKENIZER_FILES = (
    *TOKENIZERS, "merges.txt", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "chat_template.jinja",
)  # fmt: skip
PROCESSOR = "preprocessor_config.json"  # of models that take images
# What transformers writes into a configuration without any effect on samples.
_IDLE = ("transformers_version", "_name_or_path", "_from_model_config", "use_cache")


class CheckpointError(ValueError):
    """A model folder cannot be sampled from; the message names it and the remedy."""


def check(folder: Path) -> None:
    """Raise CheckpointError unless the folder holds configuration, weights and tokenizer."""
    if not folder.is_dir():
        near = ", ".join(sorted(p.name for p in folder.parent.glob("*") if p.is_dir()))
        raise CheckpointError(
            f"{folder}: no such model; {folder.parent} holds: {near or 'nothing'}. Correct "
            "`draws.*.model`, or run the stage that makes the model"
        )
    if not (folder / "config.json").exists():
        raise CheckpointError(f"{folder}: no config.json; run the stage that makes this model")
    if not any(folder.glob("*.safetensors")):
        raise CheckpointError(f"{folder}: no weights (*.safetensors); run the model's stage again")
    if not any((folder / name).exists() for name in TOKENIZERS):
        raise CheckpointError(
            f"{folder}: checkpoint without a tokenizer; save the tokenizer beside the weights"
        )


def takes_images(folder: Path) -> bool:
    """Whether a model has a vision tower, and the image processor that it needs."""
    values = read_json(folder / "config.json")
    return "vision_config" in values and (folder / PROCESSOR).exists()


def read_image_token(folder: Path) -> int:
    """The token that stands for an image, of a model that takes images."""
    return int(read_json(folder / "config.json")["image_token_id"])


def digest_weights(folder: Path) -> str:
    """Digest of weights and of the configuration that says how they compute, and see."""
    files = sorted(folder.glob("*.safetensors"))
    parts: list[Any] = [[path.name, file_digest(path)] for path in files]
    for name in ("config.json", "generation_config.json", PROCESSOR):
        if (folder / name).exists():
            values = read_json(folder / name)
            parts.append([name, {key: values[key] for key in values if key not in _IDLE}])
    return digest(parts)


def digest_tokenizer(folder: Path) -> str:
    """Digest of the tokenizer's files."""
    names = [file_name for file_name in _TOKENIZER_FILES if (folder / file_name).exists()]
    return digest([[file_name, file_digest(folder / file_name)] for file_name in names])
