"""Changes to a model's `config.json` (`fetch.*.config`)."""

from collections.abc import Mapping
from typing import Any


class ConfigurationError(ValueError):
    """A change that cannot be made; the message names the key."""


def change_config(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with changes.

    Args:
        config: content of `config.json`.
        changes: value by dotted key; None takes the key out.

    Raises:
        ConfigurationError: a key is to be taken out that is not there, or leads through a value.

    Example:
        >>> change_config({"a": {"b": 1}, "c": 2}, {"a.b": 3, "c": None})
        {'a': {'b': 3}}
    """
    changed = dict(config)
    for key, value in changes.items():
        name, _, rest = key.partition(".")
        if rest:
            if not isinstance(changed.get(name), Mapping):
                raise ConfigurationError(f"config.{key}: the model's config.json has no {name!r}")
            changed[name] = change_config(changed[name], {rest: value})
        elif value is not None:
            changed[name] = value
        elif name in changed:
            del changed[name]
        else:
            raise ConfigurationError(f"config.{key}: the model's config.json has no {name!r}")
    return changed
