"""What single values of other tools' files mean: grades, ends of responses, references."""

import json
import math
import re
from typing import Literal

from passk.core.rows import RecordedError
from passk.domains.base_reader import gold_answer
from passk.domains.stated.boxes import last_box

Finish = Literal["stop", "length", "unknown"]

_RIGHT = {"true", "1", "c", "pass", "passed", "correct", "yes", "success", "right"}
_WRONG = {"false", "0", "-1", "i", "fail", "failed", "incorrect", "wrong", "no", "error", "timeout"}
_NONE = {"", "none", "null", "nan", "n", "n/a", "unknown", "p"}  # Inspect: p is partly right
_LENGTH = {
    "length", "max_tokens", "model_length", "max_length", "max_new_tokens", "max_output_tokens",
    "token_limit", "true", "incomplete", "context", "token",
}  # fmt: skip
_STOP = {
    "stop", "end_turn", "eos", "eos_token", "stop_sequence", "stop_str", "completed", "false",
    "finished",
}  # fmt: skip
_GSM8K = re.compile(r"####\s*(\S[^\n]*?)\s*\Z")  # the last line of its solutions


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
            f"{place}: recorded grade is {value!r}, which is neither 1 nor 0; say from which "
            "score on a response is right: --grade-from SCORE (parameters: grade_from)"
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


def finish(value: object, column: str = "") -> Finish:
    """How a response ended: `stop`, `length`, or `unknown`.

    Args:
        value: a reason, or whether the response was truncated.
        column: where it stands. 1 and 0 are true and false unless the name says that they are
            codes of reasons, as in Gemini's `finish_reason`, where 1 is a stop.

    Example:
        >>> finish("MAX_TOKENS"), finish("eos"), finish(True), finish(None)
        ('length', 'stop', 'length', 'unknown')
        >>> finish(1, "is_truncated"), finish("0", "truncated"), finish(1, "finish_reason")
        ('length', 'stop', 'unknown')
    """
    text = str(value).strip().lower()
    if "reason" not in column.lower() and (number := _number(text)) in {0.0, 1.0}:
        return "length" if number else "stop"
    if text in _LENGTH:
        return "length"
    return "stop" if text in _STOP else "unknown"


def references(value: object, place: str) -> tuple[str, ...]:
    r"""The right answers: a text or a number, or a list of which any is right; empty: none stated.

    Of a whole solution it is what its last box holds, or what follows `####`.

    Raises:
        RecordedError: one is neither a text nor a number.

    Example:
        >>> references(["3", 0.5], "here"), references(r"Since $1 + 1 = \boxed{2}$.", "here")
        (('3', '0.5'), ('2',))
        >>> references("3 + 4 = 7\n#### 7", "here"), references("", "here")
        (('7',), ())
    """
    values = list(value) if isinstance(value, list | tuple) else [value]
    stated = [each for each in values if not (isinstance(each, str) and not each.strip())]
    return tuple(dict.fromkeys(answer_of(gold_answer(each, place)) for each in stated))


def answer_of(solution: str) -> str:
    r"""The answer of a whole solution; of anything else the text itself.

    Example:
        >>> answer_of(r"It is \boxed{1}, so \boxed{\frac{1}{2}}."), answer_of("12")
        ('\\frac{1}{2}', '12')
    """
    if (box := last_box(solution)) is not None:
        return box.text
    return match[1] if (match := _GSM8K.search(solution)) else solution


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


def matches(value: object, wanted: str) -> bool:
    """Whether a value is the wanted one, which a person wrote as text.

    Example:
        >>> matches("math", "math"), matches(True, "true"), matches(7.0, "7"), matches(None, "null")
        (True, True, True, True)
    """
    if isinstance(value, bool) or value is None:
        return json.dumps(value) == wanted.lower() or str(value) == wanted
    if isinstance(value, float) and value.is_integer():
        return wanted in {str(value), str(int(value))}
    return str(value) == wanted
