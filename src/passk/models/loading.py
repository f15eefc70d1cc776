"""Loading a checkpoint into the class that its configuration names."""

from pathlib import Path
from typing import Any

from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, PreTrainedModel

from passk.core.files import read_json


def takes_images(folder: Path) -> bool:
    """Whether a checkpoint's model has a vision tower."""
    return "vision_config" in read_json(folder / "config.json")


def load(folder: Path, dtype: Any) -> PreTrainedModel:  # noqa: ANN401
    """The model of a folder, with or without a vision tower; nothing is downloaded.

    Args:
        folder: a checkpoint.
        dtype: of the weights, a torch type or its name.
    """
    kind = AutoModelForImageTextToText if takes_images(folder) else AutoModelForCausalLM
    model: PreTrainedModel = kind.from_pretrained(folder, dtype=dtype, local_files_only=True)
    return model
