"""What single values of other tools' files mean: grades, ends of responses, references."""

import math
from collections.abc import Mapping
from typing import Any, Literal

from passk.core.rows import RecordedError
from passk.domains.base_reader import gold_answer

Finish = Literal["stop", "length", "unknown"]

_RIGHT = {"true", "1", "c", "pass", "passed", "correct", "yes", "success", "right"}
_WRONG = {"false", "0", "-1", "i", "fail", "failed", "incorrect", "wrong", "no", "error", "timeout"}
_NONE = {"", "none", "null", "nan", "n", "n/a", "unknown"}
_LENGTH = {
    "length", "max_tokens", "model_length", "max_length", "max_new_tokens", "max_output_tokens",
    "token_limit", "true",
}  # fmt: skip
_STOP = {"stop", "end_turn", "eos", "eos_token", "stop_sequence", "stop_str", "completed", "false"}


def grade(value: object, place: str, threshold: float | None = None) -> bool | None:
    """A recorded grade; None where nobody graded.

    Args:
        value: as it was recorded.
        place: for messages.
        threshold: numbers from here on are right; None: 1 is right, 0 and -1 are wrong.

    Raises:
        RecordedError: it is no grade; it says what is.

    Example:
        >>> [grade(v, "here") for v in (True, "C", -1.0, float("nan"), "pass", None)]
        [True, True, False, None, True, None]
        >>> grade(0.1, "here", threshold=0.5)
        False
    """
    if value is None or isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    number = _number(text)
    if number is None:
        return _worded(text, value, place)
    if math.isnan(number):
        return None
    if threshold is not None:
        return number >= threshold
    if number not in {1.0, 0.0, -1.0}:
        raise RecordedError(
            f"{place}: recorded grade is {value!r}, which is neither 1 nor 0; name a threshold "
            "from which a score is right"
        )
    return number == 1.0


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _worded(text: str, value: object, place: str) -> bool | None:
    if text in _NONE:
        return None
    if text not in _RIGHT | _WRONG:
        raise RecordedError(
            f"{place}: recorded grade is {value!r}; expected true/false, 1/0, or words such as "
            "pass/fail"
        )
    return text in _RIGHT


def finish(value: object) -> Finish:
    """How a response ended: `stop`, `length`, or `unknown`.

    Example:
        >>> finish("MAX_TOKENS"), finish("eos"), finish(True), finish(None)
        ('length', 'stop', 'length', 'unknown')
    """
    text = str(value).strip().lower()
    if text in _LENGTH:
        return "length"
    return "stop" if text in _STOP else "unknown"


def references(value: object, place: str) -> tuple[str, ...]:
    """The right answers: a text or a number, or a list of which any is right.

    Raises:
        RecordedError: there is none, or it is neither.
    """
    values = list(value) if isinstance(value, list | tuple) else [value]
    if not values:
        raise RecordedError(f"{place}: no reference answer; the list is empty")
    return tuple(dict.fromkeys(gold_answer(each, place) for each in values))


def whole(value: object, place: str, what: str) -> int | None:
    """A whole number of 0 or more, or None.

    Raises:
        RecordedError: it is something else.
    """
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RecordedError(f"{place}: {what} is {value!r}; expected 0, 1, ...")
    return value


def matches(row: Mapping[str, Any], wanted: Mapping[str, str], value: Any) -> bool:  # noqa: ANN401
    """Whether a row has the wanted values, compared as text; `value` looks a path up."""
    return all(str(value(row, path)) == text for path, text in wanted.items())
