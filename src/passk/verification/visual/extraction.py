r"""Where a response about a picture states its answer.

Tried in this order, the first that finds something decides:

1. the last closed `\boxed{...}`; then the last `<answer>...</answer>`;
2. the last "answer is ..." ("the answer to the question is 2", "Answer: 2");
3. the last sentence that concludes (therefore, so, thus, hence): what is bold there, else the
   first number behind its last "is", "are" or "=", else its first number;
4. the claim with which the response begins, behind greetings and "I see the image": what is bold,
   what stands behind "is" or "are", or its first number;
5. the last bold number; the last number of the last sentence.

A text that lists numbers and concludes nothing thus has one answer, or none: never whichever fits.
All patterns are linear in the length of the response; past LONGEST characters its middle is left
out.
"""

import re

from passk.verification.math.extraction import closed_box

LONGEST = 20_000
_NUMERAL = r"-?\$?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|-?\$?\.\d+"
_NUMBER = re.compile(rf"(?<![\w.,]){_NUMERAL}(?![\d])", re.ASCII)
_BOLD = re.compile(r"\*\*([^*\n]{1,80})\*\*")
_TAGGED = re.compile(r"<answer>(.{1,400}?)</answer>", re.DOTALL | re.IGNORECASE)
_ANSWER = re.compile(
    r"\banswers?(?: (?:to|of) (?:the|your|this) (?:question|problem))?(?: is| are|:| =)\s*:?"
    r"[ \n]*([^\n]{1,120})",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(r"\b(?:therefore|thus|hence|so)\b[,: ]", re.IGNORECASE)
_GREETING = re.compile(
    r"^(?:sure|i understand|i see|okay|ok|yes|certainly|of course|based on the image you sent)\b"
    r"[^.!\n]{0,60}[.!\n]\s*|^i can help you with that\.\s*",
    re.IGNORECASE,
)
_SIGNOFF = re.compile(
    r"\n\s*(?:i hope this|is there anything|do you (?:have|want)|let me know|would you)[^\n]*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z*$\\(])|\n+")
_SAYS = re.compile(r"=|\bis\b|\bare\b|\bwas\b|\bwere\b|\bequals\b|\babout\b|\bgives\b")


def answer_of(response: str) -> str | None:
    r"""The answer that a response states, as it is written; None where there is none.

    Example:
        >>> answer_of(r"3 and 4 make \boxed{7}."), answer_of("Sure. There are 3 of 10 left.")
        ('7', '3')
        >>> answer_of("So the perimeter is 2 + 2 + 2 = **6 inches**. Anything else, 1 or 2?")
        '6 inches'
    """
    if len(response) > LONGEST:
        response = f"{response[: LONGEST // 2]}\n{response[-LONGEST // 2 :]}"
    if closed_box(response):
        return _boxed(response)
    if tagged := _TAGGED.findall(response):
        return str(tagged[-1]).strip() or None
    text = _SIGNOFF.sub("", response.replace("\r", ""))
    if stated := _ANSWER.findall(text):
        return _first(stated[-1])
    sentences = [part for part in _SENTENCE.split(text) if part.strip()]
    for sentence in reversed(sentences):
        if _CONCLUDES.search(sentence) and (found := _concluded(sentence)):
            return found
    return _claimed(text) or _last(sentences)


def _boxed(response: str) -> str | None:
    """The content of the last box, which is closed."""
    opening = response.rfind(r"\boxed{") + len(r"\boxed{")
    depth = 1
    for place in range(opening, len(response)):
        depth += (response[place] == "{") - (response[place] == "}")
        if not depth:
            return response[opening:place].strip() or None
    return None


def _first(stated: str) -> str | None:
    """What an announced answer begins with: bold, a number with what belongs to it, or a phrase."""
    if bold := _BOLD.search(stated):
        return bold[1].strip()
    head = re.split(r"(?<!\d)\.(?:\s|$)|\.(?=\s|$)", stated, maxsplit=1)[0].strip().strip("$* ")
    if found := _NUMBER.search(head):
        return found[0]
    return head or None


def _concluded(sentence: str) -> str | None:
    """The answer of a sentence that concludes."""
    if bold := [one for one in _BOLD.findall(sentence) if _NUMBER.search(one)]:
        return str(bold[-1]).strip()
    said = list(_SAYS.finditer(sentence))
    found = _NUMBER.search(sentence, said[-1].end()) if said else None
    found = found or _NUMBER.search(sentence)
    return found[0] if found else None


def _claimed(text: str) -> str | None:
    """The answer of the sentence that a response begins with."""
    text = text.lstrip()
    while match := _GREETING.match(text):
        if match.end() == 0:
            break
        text = text[match.end() :].lstrip()
    first = _SENTENCE.split(text, maxsplit=1)[0]
    if bold := _BOLD.search(first):
        return bold[1].strip()
    said = _SAYS.search(first)
    found = _NUMBER.search(first, said.end()) if said else None
    found = found or _NUMBER.search(first)
    return found[0] if found else None


def _last(sentences: list[str]) -> str | None:
    """The last bold number, else the last number of the last sentence that has one."""
    for sentence in reversed(sentences):
        if bold := [one for one in _BOLD.findall(sentence) if _NUMBER.search(one)]:
            return str(bold[-1]).strip()
    for sentence in reversed(sentences):
        if found := _NUMBER.findall(sentence):
            return str(found[-1])
    return None
