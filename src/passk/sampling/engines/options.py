"""Options of an engine in training (`train.*.engine_options`), read by that engine's own schema."""

from typing import Any

from passk.sampling.engines.engine import EngineOptions
from passk.sampling.engines.registry import ENGINES


def read_options(engine_name: str, values: object) -> EngineOptions | None:
    """The options of an engine; None where it takes none and none are given.

    Args:
        engine_name: a registered name.
        values: as in the parameters; null stands for the defaults.

    Raises:
        ValueError: the engine takes no options, or (pydantic's ValidationError) not these.
    """
    schema = ENGINES[engine_name].rollout_options
    if schema is not None:
        return schema.model_validate({} if values is None else values)
    if values is None:
        return None
    raise ValueError(
        f"engine {engine_name!r} takes no options; set engine_options to null, or use an engine "
        f"that does: {'; '.join(_list_options()) or 'none is installed'}"
    )


def describe_options(schema: dict[str, Any]) -> None:
    """Complete the JSON schema of `engine_options`: the options of any engine, or null."""
    schemas = [
        engine.rollout_options.model_json_schema()
        for engine in ENGINES.values()
        if engine.rollout_options is not None
    ]
    schema["anyOf"] = [*schemas, {"type": "null"}]


def _list_options() -> list[str]:
    """Each engine that has options, with their names."""
    return [
        f"{name} ({', '.join(engine.rollout_options.model_fields)})"
        for name, engine in ENGINES.items()
        if engine.rollout_options is not None
    ]
