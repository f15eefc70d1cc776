"""Which tokens end a response: what the model declares, and whatever closes an assistant's turn.

Base models are published with a chat template and the end of a document as their only end
(Qwen2.5): what they sample goes on into a next turn. So the template says it: a conversation is
rendered in which the user speaks after the assistant, and each special token between the two is an
end, unless it also stands within the assistant's turn, between thought and answer (gpt-oss).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from passk.core.files import read_json

# Letters that no template splits, trims or writes itself.
_ASKED, _THOUGHT, _ANSWERED, _AGAIN = "Qaskedq", "Qthoughtq", "Qansweredq", "Qagainq"
_QUESTION = {"role": "user", "content": _ASKED}
_ANSWER = {"role": "assistant", "content": _ANSWERED}
# What templates call the thought before an answer.
_THINKING = {"thinking": _THOUGHT, "reasoning_content": _THOUGHT, "reasoning": _THOUGHT}


def find_ends(folder: Path, tokenizer: Any, chat: bool = True) -> tuple[int, ...]:  # noqa: ANN401
    """Token ids that end a response, sorted; every engine uses them.

    Args:
        folder: the checkpoint, for its generation configuration.
        tokenizer: of the model.
        chat: whether what closes a turn of the tokenizer's chat template counts.
    """
    return join_ends(read_declared(folder), tokenizer, chat)


def join_ends(declared: Iterable[int], tokenizer: Any, chat: bool = True) -> tuple[int, ...]:  # noqa: ANN401
    """As `find_ends`, where the declared ends are at hand."""
    own = tokenizer.eos_token_id
    closing = find_turn_ends(tokenizer) if chat else ()
    return tuple(sorted({*declared, *closing, *([] if own is None else [int(own)])}))


def read_declared(folder: Path) -> tuple[int, ...]:
    """`eos_token_id` of a checkpoint's generation configuration, else of its configuration."""
    for name in ("generation_config.json", "config.json"):
        if (folder / name).is_file():
            listed = as_ids(read_json(folder / name).get("eos_token_id"))
            if listed:
                return listed
    return ()


def as_ids(declared: int | Sequence[int] | None) -> tuple[int, ...]:
    """A declared end, several or none, as ids."""
    if declared is None:
        return ()
    return (declared,) if isinstance(declared, int) else tuple(int(one) for one in declared)


def find_turn_ends(tokenizer: Any) -> tuple[int, ...]:  # noqa: ANN401
    """Special tokens of a chat template between an assistant's words and the next user's.

    None where there is no chat template, or one that marks turns by plain words.
    """
    if not getattr(tokenizer, "chat_template", None):
        return ()
    followed = _between(tokenizer, [_QUESTION, _ANSWER, _follow(_AGAIN)], _ANSWERED, _AGAIN)
    last = _between(tokenizer, [_QUESTION, _ANSWER], _ANSWERED, None)
    within = _between(tokenizer, [_QUESTION, {**_ANSWER, **_THINKING}], _THOUGHT, _ANSWERED)
    return tuple(sorted({*followed, *last[:1]} - {*within}))


def _follow(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


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
