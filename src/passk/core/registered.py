"""Fields of a parameter schema whose legal values are what a registry holds.

Example:
    >>> from typing import Annotated
    >>> from pydantic import BaseModel
    >>> codecs = Registry("codec", "passk.codecs", {"utf-8": "codecs:utf_8_encode"})
    >>> class File(BaseModel):
    ...     codec: Annotated[str, NameIn(codecs)]
    >>> File(codec="utf-8").codec
    'utf-8'
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, Union

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from passk.core.legal import suggest
from passk.core.registry import Registry

T = TypeVar("T")


@dataclass(frozen=True)
class NameIn(Generic[T]):
    """Marks a string that must be a registered name.

    Attributes:
        registry: of the legal names.
        suits: whether a registered thing may stand here; None: each may.
    """

    registry: Registry[T]
    suits: Callable[[T], bool] | None = None

    def names(self) -> list[str]:
        """The legal names; with `suits`, everything registered is imported."""
        return [name for name in self.registry if self._is_legal(name)]

    def _is_legal(self, name: str) -> bool:
        return name in self.registry and (self.suits is None or self.suits(self.registry[name]))

    def _check(self, name: str) -> str:
        if self._is_legal(name):
            return name
        legal = suggest(name, self.names())
        raise PydanticCustomError("unknown_name", "unknown; {legal}", {"legal": legal})

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The legal names, for editors and the reference."""
        return {**handler(schema), "enum": self.names()}

    def __get_pydantic_core_schema__(
        self,
        source: Any,  # noqa: ANN401
        handler: GetCoreSchemaHandler,
    ) -> CoreSchema:
        """A string that is checked when there is one, not when the schema is made."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))


@dataclass(frozen=True)
class AnyOf(Generic[T]):
    """Marks a section whose key `name` says which of a registry's classes reads its other keys."""

    registry: Registry[type[T]]

    def __get_pydantic_core_schema__(
        self,
        source: Any,  # noqa: ANN401
        handler: GetCoreSchemaHandler,
    ) -> CoreSchema:
        """A union of all registered classes, told apart by `name`."""
        classes = tuple(self.registry.values())
        return handler.generate_schema(
            Annotated[Union[classes], Field(discriminator="name")]  # noqa: UP007
        )
