"""Values in words, as a parameter file has them."""


def format_value(value: object) -> str:
    """A value on one line.

    Example:
        >>> format_value({"kind": "first", "rows": None, "tags": [True, 1e-08]})
        '{kind: first, rows: null, tags: [true, 1e-08]}'
        >>> format_value("")
        '""'
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(format_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {format_value(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, str) and (not value or value[0] in "#&*!|>%@`{[ "):
        return f'"{value}"'
    return "null" if value is None else str(value)
