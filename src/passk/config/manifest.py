"""What is declared, for the stages that read the tables of all draws, arms and sets.

Such a stage needs names and little more. Were whole sections of params.yaml its parameters, every
one of them would carry all draws and arms in dvc.lock (more than half of its lines), and a changed
learning rate would call all of them stale. So one stage writes down what they need, and they
depend on what it wrote: it changes only where that changes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from passk.core.files import read_json

# what is known of each item, by section of params.yaml
KEYS = {
    "sets": ("problems",),
    "draws": ("sets", "n", "engine"),
    "train": ("set",),
    "sft": ("demonstrations",),
    "select": ("draw",),
    "answers": ("set",),
}


def declared(params: Mapping[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """The items of each section with what is known of them, in the order of their names.

    Example:
        >>> declared({"train": {"grpo": {"set": "train", "steps": 9}}})["train"]
        {'grpo': {'set': 'train'}}
    """
    return {
        section: {
            name: {key: entry[key] for key in keys if key in entry}
            for name, entry in sorted((params.get(section) or {}).items())
        }
        for section, keys in KEYS.items()
    }


def contents(params: Mapping[str, Any]) -> dict[str, Any]:
    """File name -> content: `declared`, and the names behind the folders that questions read."""
    known = declared(params)
    logged = sorted([*known["train"], *known["sft"]])
    draws = list(known["draws"])
    return {"declared": known, "counts": draws, "verdicts": draws, "training": logged}


def read(path: Path) -> Any:  # noqa: ANN401
    """The content of a file of the catalog.

    Raises:
        FileError: it is missing or not JSON.
    """
    return read_json(path, "run the stage catalog again")
