"""Types and legal values of a schema's nodes, in words.

Example:
    >>> describe_legal({"type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 1.0})
    'above 0, at most 1'
    >>> describe_type({"type": "array", "items": {"type": "integer"}})
    'list of whole numbers'
"""

from collections.abc import Iterator

from passk.config.schema_tree import Node, entry_form, follow, variants
from passk.config.values import format_value

_TYPES = {
    "integer": "whole number", "number": "number", "boolean": "true or false", "string": "text",
    "null": "null",
}  # fmt: skip
_PLURALS = {"true or false": "true or false", "text": "texts"}
_PATTERNS = {
    r"^[A-Za-z0-9][A-Za-z0-9_-]*$": "letters, digits, - and _; at most 64",
    r"^#[0-9A-Fa-f]{6}$": '"#rrggbb"',
    r"^([0-9a-f]{64}|any)$": "64 hexadecimal digits, or any",
}


def describe_type(stated: Node) -> str:
    """The type in words; `or null` where null is legal."""
    node = follow(stated)
    either = " or null" if any(f.get("type") == "null" for f in stated.get("anyOf", [])) else ""
    if node.get("type") == "array":
        inner = describe_type(node.get("items", {}))
        return f"list of {_PLURALS.get(inner, inner + 's')}{either}"
    if variants(node) or node.get("properties"):
        return f"section{either}"
    if (entry := entry_form(node)) is not None:
        return f"mapping of names to {_plural(describe_type(entry))}{either}"
    if "enum" in node or "const" in node:
        return f"word{either}"
    return _TYPES.get(str(node.get("type")), "value") + either


def _plural(name: str) -> str:
    if name.startswith(("list of", "mapping of")):
        return name.replace("list of", "lists of", 1).replace("mapping of", "mappings of", 1)
    return _PLURALS.get(name, name + "s")


def describe_legal(stated: Node) -> str:
    """Legal values in words; empty where the type says all."""
    node = follow(stated)
    words = list(_bounds(node))
    if "enum" in node:
        words.append(" | ".join(map(format_value, node["enum"])))
    if "const" in node:
        words.append(format_value(node["const"]))
    if "pattern" in node:
        words.append(_PATTERNS.get(node["pattern"], f"as {node['pattern']}"))
    if node.get("format") == "date":
        words.append('a day in quotes, "2024-08-01"')
    if forms := variants(node):
        words.append(f"{node['discriminator']['propertyName']}: {' | '.join(forms)}")
    if inner := describe_legal(node["items"]) if "items" in node else "":
        words.append(f"each {inner}")
    return ", ".join(words)


def _bounds(node: Node) -> Iterator[str]:
    for key, word in (
        ("exclusiveMinimum", "above"), ("minimum", "at least"), ("minItems", "at least"),
        ("minProperties", "at least"), ("minLength", "not empty"), ("exclusiveMaximum", "below"),
        ("maximum", "at most"),
    ):  # fmt: skip
        if key in node:
            number = "" if key == "minLength" else f" {node[key]:,}".replace(",", "_")
            entries = " of them" if key in ("minItems", "minProperties") else ""
            yield f"{word}{number}{entries}"
