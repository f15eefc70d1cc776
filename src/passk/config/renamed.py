"""Keys and values of older parameter files, and what they are called now."""

from collections.abc import Mapping, Sequence
from typing import Any

# The place of a key by its parts, "*" for a name that the study chooses -> the key's name now.
_KEYS = {
    ("select",): "rejection_sampling",
    ("answers",): "reference_answers",
    ("analysis", "pairs"): "comparisons",
    ("analysis", "comparisons", "*", "base"): "reference",
    ("analysis", "comparisons", "*", "rl"): "candidate",
    ("headline", "*", "base"): "reference",
    ("headline", "*", "rl"): "candidate",
    ("examples", "*", "base"): "reference",
    ("examples", "*", "rl"): "candidate",
    ("report", "pairs"): "comparisons",
    ("report", "panels", "*", "pairs"): "comparisons",
    ("sets", "*", "pictures"): "images",
    ("train", "*", "vllm"): "engine_options",
}
# Key and value -> the value's name now.
_VALUES = {("isolation", "weak"): "subprocess"}


def find_new_key(location: Sequence[str | int]) -> str | None:
    """What a key of an older parameter file is called now; None where it never was one.

    Example:
        >>> find_new_key(("headline", "math", "rl"))
        'candidate'
    """
    for pattern, name in _KEYS.items():
        if len(pattern) == len(location) and all(
            part in ("*", key) for part, key in zip(pattern, location, strict=True)
        ):
            return name
    return None


def find_new_value(location: Sequence[str | int], value: object) -> str | None:
    """What a value of an older parameter file is called now; None where it never was one.

    Example:
        >>> find_new_value(("verification", "code", "isolation"), "weak")
        'subprocess'
    """
    return _VALUES.get((str(location[-1]), value)) if isinstance(value, str) else None


def has_old_key(location: Sequence[str | int], entry: Mapping[str, Any]) -> bool:
    """Whether an entry that lacks a key has it under its old name.

    Args:
        location: of the key that is missing.
        entry: the mapping that lacks it.
    """
    return any(find_new_key((*location[:-1], key)) == location[-1] for key in entry)
