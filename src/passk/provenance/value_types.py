"""Types of the values in records and in the ledger: files that anybody may edit."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:  # every stage starts with this module; pydantic is loaded by who checks
    from pydantic import BaseModel

Document = Mapping[str, Any]  # JSON, as a file holds it


class RecordError(ValueError):
    """A file is no run record; the message names what is missing or of a wrong type."""


def check_types(schema: type, content: Document, what: str) -> None:
    """Hold values to the annotations of a class; nothing is converted, as digests hold values.

    Args:
        schema: a data class, or a model of pydantic.
        content: the values by name; others are not looked at.
        what: what they should be, for the message.

    Raises:
        RecordError: a value is of another type, or one without a default is missing.

    Example:
        >>> from dataclasses import make_dataclass
        >>> Point = make_dataclass("Point", [("x", int)])
        >>> check_types(Point, {"x": "1"}, "a point")
        Traceback (most recent call last):
        passk.provenance.value_types.RecordError: not a point: x: Input should be a valid integer
    """
    from pydantic import ValidationError

    try:
        _model(schema).model_validate(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise RecordError(f"not {what}: {key}: {first['msg']}") from None


@cache
def _model(schema: Any) -> "type[BaseModel]":  # noqa: ANN401
    """The model whose fields are those of a class."""
    from pydantic import BaseModel, create_model

    model: type[BaseModel]
    if issubclass(schema, BaseModel):
        model = schema
        return model
    hints = get_type_hints(schema)
    defaults = {f.name: ... if f.default is MISSING else f.default for f in fields(schema)}
    model = create_model(
        schema.__name__,
        **{name: (hints[name], default) for name, default in defaults.items()},  # type: ignore[call-overload]
    )
    return model
