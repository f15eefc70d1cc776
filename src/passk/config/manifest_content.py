"""What the manifest says of each section: its items, with what later stages need of them."""

from collections.abc import Mapping
from typing import Any

from passk.sampling.engines.registry import ENGINES

# what is known of each item, by section of params.yaml
KEYS = {
    "sets": ("problems",),
    "draws": ("sets", "n"),
    "train": ("set",),
    "sft": ("demonstrations",),
    "rejection_sampling": ("draw",),
    "reference_answers": ("set",),
}

DeclaredContent = dict[str, dict[str, dict[str, Any]]]  # section -> item -> what is known of it


def declare(params: Mapping[str, Any]) -> DeclaredContent:
    """The items of each section with what is known of them, by name: what the file will say.

    Example:
        >>> declare({"train": {"grpo": {"set": "train", "steps": 9}}})["train"]
        {'grpo': {'set': 'train'}}
    """
    declared = {
        section: {
            name: {key: entry[key] for key in keys if key in entry}
            for name, entry in sorted((params.get(section) or {}).items())
        }
        for section, keys in KEYS.items()
    }
    for name, draw in declared["draws"].items():
        draw["recorded"] = ENGINES[params["draws"][name]["engine"]].collect is not None
    return declared


def list_names(declared: DeclaredContent) -> dict[str, list[str]]:
    """The names behind each folder that questions read: draws, or arms with a training log."""
    draws = list(declared["draws"])
    logged = sorted([*declared["train"], *declared["sft"]])
    return {"counts": draws, "verdicts": draws, "training": logged}
