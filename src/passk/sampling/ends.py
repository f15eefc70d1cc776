"""Which tokens end a response: what the model declares, and whatever closes an assistant's turn.

Base models are published with a chat template and the end of a document as their only end
(Qwen2.5): what they sample goes on into a next turn. So the template says it: a conversation is
rendered in which the user speaks after the assistant, and the special tokens between the two are
ends, unless they also stand within the assistant's turn, between thought and answer (gpt-oss).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from passk.core.files import read_json
from passk.sampling.architectures import text_part

# Letters that no template splits, trims or writes itself.
_ASKED, _THOUGHT, _ANSWERED, _AGAIN = "Qaskedq", "Qthoughtq", "Qansweredq", "Qagainq"
_QUESTION = {"role": "user", "content": _ASKED}
_NEXT = {"role": "user", "content": _AGAIN}
_ANSWER = {"role": "assistant", "content": _ANSWERED}
# What templates call the thought before an answer.
_THINKING = {"thinking": _THOUGHT, "reasoning_content": _THOUGHT, "reasoning": _THOUGHT}


def find_ends(folder: Path, tokenizer: Any) -> tuple[int, ...]:  # noqa: ANN401
    """Token ids that end a response, sorted; every engine uses them.

    Args:
        folder: the checkpoint, for its generation configuration.
        tokenizer: of the model.
    """
    return join_ends(read_declared(folder), tokenizer)


def join_ends(declared: Iterable[int], tokenizer: Any) -> tuple[int, ...]:  # noqa: ANN401
    """As `find_ends`, where the declared ends are at hand.

    A model that declares what closes its turns is taken at its word. Of one that does not, every
    mark between two turns is an end, also what opens the next one.
    """
    known, marks = {*declared, *own_ends(tokenizer)}, find_turn_marks(tokenizer)
    if marks.closing <= known:
        return tuple(sorted(known))
    return tuple(sorted(known | marks.between))


def own_ends(tokenizer: Any) -> tuple[int, ...]:  # noqa: ANN401
    """The tokenizer's end of text, if it has one."""
    return as_ids(tokenizer.eos_token_id)


def read_declared(folder: Path) -> tuple[int, ...]:
    """`eos_token_id` of a checkpoint's generation configuration, else of its configuration."""
    for name in ("generation_config.json", "config.json"):
        if (folder / name).is_file():
            values = read_json(folder / name)
            for part in (values, text_part(values)):
                if listed := as_ids(part.get("eos_token_id")):
                    return listed
    return ()


def has_chat_template(folder: Path) -> bool:
    """Whether a checkpoint's tokenizer has a chat template, by its files."""
    if (folder / "chat_template.jinja").exists():
        return True
    path = folder / "tokenizer_config.json"
    return path.exists() and bool(read_json(path).get("chat_template"))


def as_ids(declared: int | Sequence[int] | None) -> tuple[int, ...]:
    """A declared end, several or none, as ids."""
    if declared is None:
        return ()
    return (declared,) if isinstance(declared, int) else tuple(int(one) for one in declared)


class TurnMarks(NamedTuple):
    """Special tokens of a chat template, around the words of an assistant.

    Attributes:
        closing: what stands right behind them.
        between: all between them and the next user's.
    """

    closing: frozenset[int]
    between: frozenset[int]


def find_turn_marks(tokenizer: Any) -> TurnMarks:  # noqa: ANN401
    """What marks the end of a turn.

    Nothing where there is no chat template, or one that marks turns by plain words.
    """
    if not getattr(tokenizer, "chat_template", None):
        return TurnMarks(frozenset(), frozenset())
    followed = _between(tokenizer, [_QUESTION, _ANSWER, _NEXT], _ANSWERED, _AGAIN)
    last = _between(tokenizer, [_QUESTION, _ANSWER], _ANSWERED, None)
    within = _between(tokenizer, [_QUESTION, {**_ANSWER, **_THINKING}], _THOUGHT, _ANSWERED)
    closing = {*followed[:1], *last[:1]} - {*within}
    return TurnMarks(frozenset(closing), frozenset({*closing, *followed} - {*within}))


def _between(
    tokenizer: Any,  # noqa: ANN401
    conversation: list[dict[str, str]],
    first: str,
    second: str | None,
) -> list[int]:
    """Special tokens of a rendered conversation between two of its texts, or behind the first."""
    try:
        text: str = tokenizer.apply_chat_template(conversation, tokenize=False)
    except Exception:  # whatever a template raises that takes no such conversation
        return []
    if first not in text or (second is not None and second not in text):
        return []
    part = text.rpartition(first)[2]
    if second is not None:
        part = part.partition(second)[0]
    special = {
        int(number)
        for number, token in tokenizer.added_tokens_decoder.items()
        if token.content.strip(" \n\t▁") and (token.special or _looks_like_markup(token.content))
    }
    ids: list[int] = tokenizer.encode(part, add_special_tokens=False)
    return [token for token in ids if token in special]


def _looks_like_markup(text: str) -> bool:
    return text.startswith(("<|", "<｜", "["))  # DeepSeek has bars of its own
