"""JSON whose integers may have any number of digits."""

import json
from decimal import Decimal
from typing import Any

_DIGITS = 4000  # up to which `int` reads every number, whatever the interpreter's limit


def read_json_value(text: str) -> Any:  # noqa: ANN401
    """The value of a JSON text.

    Python refuses integers of more than 4,300 digits, as large ones take long; `Decimal` reads
    them, and tests are trusted.

    Raises:
        ValueError: not JSON.
    """
    return json.loads(text, parse_int=_read_integer)


def _read_integer(text: str) -> int:
    return int(text) if len(text) <= _DIGITS else int(Decimal(text))
