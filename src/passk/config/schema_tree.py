"""The JSON schema of `params.yaml`, and walks through it by key.

Example:
    >>> find_node(("draws", "base", "n"))["description"].partition(";")[0]
    'Samples per problem'
    >>> name_key(("train", "grpo", "algorithm", "grpo", "eps"))
    'train.grpo.algorithm.eps'
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from passk.config.schema import Study

Node = dict[str, Any]
Location = Sequence[str | int]


class _ParameterSchema(GenerateJsonSchema):
    """A schema that states every default, and no titles, which only repeat the keys."""

    def get_default_value(self, schema: core_schema.WithDefaultSchema) -> Any:  # noqa: ANN401
        """The default, made where there is a factory that needs no other value."""
        factory = schema.get("default_factory")
        if factory is not None and not schema.get("default_factory_takes_data"):
            return factory()  # type: ignore[call-arg]
        return super().get_default_value(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401
        """No."""
        return False


@cache
def parameter_schema() -> Node:
    """The JSON schema (draft 2020-12) of the whole file. It is shared: copy before a change."""
    return Study.model_json_schema(schema_generator=_ParameterSchema)


def follow(node: Mapping[str, Any]) -> Node:
    """A node without its reference and without `null` beside one other form.

    What stands beside a reference (description, default) goes before what it refers to.
    """
    described = dict(node)
    forms = [form for form in described.get("anyOf", []) if form.get("type") != "null"]
    if len(forms) == 1:
        described = {key: value for key, value in described.items() if key != "anyOf"}
        return {**follow(forms[0]), **described}
    if "$ref" in described:
        name = described.pop("$ref").rpartition("/")[2]
        return {**follow(parameter_schema()["$defs"][name]), **described}
    return described


def entry_form(node: Mapping[str, Any]) -> Node | None:
    """The form of the entries of a mapping whose keys are chosen freely; None: they are not."""
    forms = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
    return next((form for form in forms if isinstance(form, dict)), None)


def variants(node: Mapping[str, Any]) -> dict[str, Node]:
    """The forms of a section that has several, by the value that tells them apart."""
    mapping = node.get("discriminator", {}).get("mapping", {})
    return {tag: follow({"$ref": reference}) for tag, reference in mapping.items()}


def _child(node: Node, part: str | int) -> Node:
    if isinstance(part, int):
        return follow(node.get("items", {}))
    if part in (forms := variants(node)):
        return forms[part]
    if part in node.get("properties", {}):
        return follow(node["properties"][part])
    return follow(entry_form(node) or {})


def find_node(location: Location) -> Node:
    """The node at a place of the file; empty where the schema has none.

    Args:
        location: keys, indices of lists, and tags of forms, as a validation error has them.
    """
    node = follow(parameter_schema())
    for part in location:
        node = _child(node, part)
    return node


def find_description(location: Location) -> str:
    """What a key means; empty where the schema does not say."""
    return re.sub(r"\s+", " ", str(find_node(location).get("description", "")))


def name_key(location: Location) -> str:
    """The key as a file has it: without the tags of forms, indices in brackets."""
    node, key = follow(parameter_schema()), ""
    for part in location:
        if isinstance(part, int):
            key += f"[{part}]"
        elif part not in variants(node) and part != "[key]":
            key += f".{part}" if key else str(part)
        node = _child(node, part)
    return key
