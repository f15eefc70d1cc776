"""Values at dotted keys of nested mappings, as `train.grpo.steps` names one of `params.yaml`."""

from collections.abc import Mapping


def value_at(values: object, key: str) -> object:
    """The value at a dotted key.

    Raises:
        KeyError: there is none.

    Example:
        >>> value_at({"train": {"grpo": {"steps": 90}}}, "train.grpo.steps")
        90
    """
    for part in key.split("."):
        if not isinstance(values, Mapping) or part not in values:
            raise KeyError(key)
        values = values[part]
    return values


def find_value(values: object, key: str) -> object:
    """The value at a dotted key; None where there is none."""
    try:
        return value_at(values, key)
    except KeyError:
        return None
