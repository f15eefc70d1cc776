r"""Which part of a response is said: not its thoughts, nor what stands behind the end of its turn.

A thought begins and ends with a mark: `<think>`, `<thinking>`, `<thought>`, `<reasoning>`,
`<|begin_of_thought|>`, `[THINK]`, and others, in any case. What stands before a closing mark is
thought, whether or not an opening one is there, since prompts may hold it; what stands behind one
that is never closed is thought, too.

Example:
    >>> without_thoughts("<think> 6? </think> It is 7."), without_thoughts("Well <think> 6")
    (' It is 7.', 'Well ')
    >>> without_thoughts("It is 7.<|im_end|>\n<|im_start|>user\nAnd 8?")
    'It is 7.'
"""

import re
from collections.abc import Sequence

from passk.domains.stated.statement import Span, within

_NAMES = r"(?:seed:)?think(?:ing)?|thoughts?|reasoning|reflection|scratchpad|analysis"
# Begins with one character, which is searched for fast.
_MARK = re.compile(
    rf"<(?:\|?(?P<end>/|end_of_|end_)?(?:begin_of_|start_)?(?:{_NAMES})\s?\|?>"
    r"|\|channel\|>(?P<channel>analysis|commentary|final)\b[^<>]{0,40}<\|message\|>)",
    re.IGNORECASE,
)
_RARE_MARK = re.compile(r"◁(?P<end>/?)think(?:ing)?▷|\[(?P<bracket>/?)THINK\]", re.IGNORECASE)
_END_OF_TURN = re.compile(
    r"<\|(?:im_end|endoftext|eot_id|end_of_text|eom_id|im_start|return)\|>|<end_of_turn>"
    r"|<｜end▁of▁sentence｜>|</s>(?=\s*(?:\Z|<s>|\[INST\]|<\|))"
)


def said(text: str, own: Sequence[Span] = ()) -> Span:
    """Start and end of what a response says: all behind its last thought, up to the next.

    Args:
        text: the response.
        own: spans in which marks are the text's own: programs that mention them.
    """
    has_rare = "◁" in text or "THINK]" in text
    if "<" not in text and not has_rare:
        return 0, len(text)
    last = next(
        (m.start() for m in _END_OF_TURN.finditer(text) if not within(m.start(), own)), None
    )
    start, stop = 0, len(text) if last is None else last
    opened: int | None = None
    marks = [*_MARK.finditer(text, 0, stop)]
    if has_rare:
        marks = sorted([*marks, *_RARE_MARK.finditer(text, 0, stop)], key=re.Match.start)
    for mark in marks:
        if within(mark.start(), own):
            continue
        if _closes(mark):
            start, opened = mark.end(), None
        elif opened is None:
            opened = mark.start()
    return start, stop if opened is None else opened


def without_thoughts(text: str, own: Sequence[Span] = ()) -> str:
    """What a response says; see `said`."""
    return text[slice(*said(text, own))]


def _closes(mark: re.Match[str]) -> bool:
    groups = mark.groupdict()
    if groups["end"] or groups.get("bracket"):
        return True
    return (groups.get("channel") or "").lower() == "final"
