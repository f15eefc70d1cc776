"""One sample that somebody else drew, in the form that everything behind the readers uses."""

from typing import NamedTuple

from passk.data.recorded_values import Finish
from passk.data.responses import Holds


class LogSample(NamedTuple):
    """A sample.

    Attributes:
        place: where it stands, in words for messages.
        problem: what tells its problem apart within its set: an id, else the question itself.
        text: the response; None where the row says that there is none (an error, a refusal).
        set: the benchmark that the row names, or None.
        question: its text, or None where problems come from elsewhere.
        references: the right answers, each of them; empty where problems come from elsewhere.
        holds: what the text is: a whole response, a program, or what continues a prompt.
        number: among its problem's samples; None: by its order.
        grade: somebody's grade of it, or None.
        finish: `stop`, `length`, or `unknown` where nobody wrote it down.
        tokens: how many it has, or None.
        seed: of the generator that drew it, or None.
        step: of training, of the checkpoint that drew it, or None.
    """

    place: str
    problem: str
    text: str | None
    set: str | None = None
    question: str | None = None
    references: tuple[str, ...] = ()
    holds: Holds = "response"
    number: int | None = None
    grade: bool | None = None
    finish: Finish = "unknown"
    tokens: int | None = None
    seed: int | None = None
    step: int | None = None
