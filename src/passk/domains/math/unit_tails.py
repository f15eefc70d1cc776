r"""Units behind numbers as LaTeX sets them, `\text{J} \cdot \text{s}^{-1}`, as one text."""

import re

from passk.domains.math.units import read_unit
from passk.domains.math.words import is_count

_SPACE = r"(?:\s|~|\\[,;:! ]|\\q?quad(?![A-Za-z]))"
_POWER = r"\^\s?(?:-?\d|\{\s?-?\d{1,2}\s?\})"
_WORD = (
    r"\\(?:text|mathrm|textrm|textup|mbox|hbox|operatorname|rm)\s?\{"
    r"(?:[^{}$]|\^\s?\{[^{}]{1,6}\}|_\s?\{\\odot\s?\}|\$\s?\^\s?\{?-?\d\}?\s?\$){1,60}\}"
)
_SIGN = r"\\(?:Omega|AA)(?![A-Za-z])|Å|[MLR]_\s?(?:\\odot|\{\s?\\odot\s?\})"
_MICRO = rf"\\mu(?![A-Za-z]){_SPACE}{{0,3}}(?={_WORD})"
_PARTS = rf"\{{(?:{_WORD}|{_POWER}|{_SPACE}){{1,6}}\}}"
_FRACTION = rf"\\[dt]?frac\s?{_PARTS}\s?{_PARTS}"
_FIRST = rf"(?:{_WORD}|{_FRACTION}|{_SIGN}|{_MICRO})"
_TAIL = re.compile(
    rf"(?<=[\d}}]){_SPACE}{{0,6}}(?P<unit>{_FIRST}"
    rf"(?:{_FIRST}|{_POWER}|{_SPACE}|\\cdot(?![A-Za-z])|/){{0,24}})"
    r"(?=\s{0,3}(?:$|[,;.$]|\\text\s?\{\s?,?\s?(?:and|or)\b))"
)
_PLAIN = re.compile(r"\\text\s?\{[^{}\\^$]{2,60}\}")
_LETTER = re.compile(r"\\(?:text|mathrm)\s?\{\s*[a-z]\s*\}")
_VARIABLE = re.compile(r"(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])")
_FLAT = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\[dt]?frac\s?\{(.*)\}\s?\{(.*)\}", r"\1/\2"),
        (r"\\mu(?![A-Za-z])\s?|µ", "μ"),
        (r"\\Omega(?![A-Za-z])", "Ω"),
        (r"\\AA(?![A-Za-z])", "Å"),
        (r"_\s?\{?\s?\\odot(?![A-Za-z])\s?\}?", "sun"),
        (r"\\cdot(?![A-Za-z])", "·"),
        (r"\\[a-z]+\s?\{|[{}$]", ""),
        (rf"{_SPACE}+", " "),
        (r"μ ", "μ"),
    )
]
_OPERAND = re.compile(r"[A-Za-zμΩÅ]+(?:\^-?\d{1,2})?(?:\s?[/·]\s?|\s|$)")
# Between a number and this letter stands a space; without one it is a variable.
_BARE = re.compile(r"(?P<number>[-+]?[\d.,]*\d|.*\\times 10\^\{-?\d{1,3}\}) (?P<letter>[JKNVWTC])")

_THOUSANDS = re.compile(r"(?P<number>[^A-Za-z]*\d)\s?k|(?P<glued>[^A-Za-z]*\d)K")


def join_units(text: str) -> str:
    r"""A text with each unit behind a number as one `\text{}`, if it takes several to set it.

    Example:
        >>> join_units(r"4.2 \, \text{J} \cdot \text{s}^{-1}"), join_units(r"4.2\ \mathrm{J}")
        ('4.2\\text{ J · s^-1 }', '4.2\\text{ J }')
        >>> join_units(r"2 \text{ or } 3"), join_units(r"x^{2}\text{A}")
        ('2 \\text{ or } 3', 'x^{2}\\text{A}')
    """
    if "\\" not in text and "Å" not in text:
        return text

    def joined(match: re.Match[str]) -> str:
        unit = match["unit"].strip()
        if _PLAIN.fullmatch(unit) or _LETTER.fullmatch(unit):
            return match[0]
        head = re.split("[,;=]", text[: match.start()])[-1]
        for pattern, replacement in _FLAT:
            unit = pattern.sub(replacement, unit)
        unit = unit.strip()
        if _VARIABLE.search(head) or not is_unit_like(unit):
            return match[0]
        return rf"\text{{ {unit} }}"

    return _TAIL.sub(joined, text)


def is_unit_like(words: str) -> bool:
    """Whether words are put together as units are, whichever they are: `zorks/s`, `erg s^-1`.

    Example:
        >>> is_unit_like("zorks/s"), is_unit_like("J · s^-1"), is_unit_like("or more")
        (True, True, False)
    """
    if _OPERAND.sub("", re.sub(" +", " ", f"{words} ")).strip() or not words.strip():
        return False
    if read_unit(words) is not None:
        return True
    names = re.findall(r"[^\W\d_]+", words)
    long = [name for name in names if len(name) > 1]
    short = [name for name in names if len(name) == 1]
    return is_count(" ".join(long)) and all(read_unit(name) for name in short)


def bare_unit(text: str) -> str:
    r"""A canonical number with a letter behind it as a number with a unit; `70k` is 70 thousand.

    Only where no variable is looked for.

    Example:
        >>> bare_unit("4.2 J"), bare_unit("4.2J"), bare_unit("4.2 x")
        ('4.2 \\text{ J }', '4.2J', '4.2 x')
        >>> bare_unit("70k"), bare_unit("70K"), bare_unit("70 K")
        ('70 \\text{ thousand }', '70 \\text{ thousand }', '70 \\text{ K }')
    """
    if match := _THOUSANDS.fullmatch(text):
        return rf"{match['number'] or match['glued']} \text{{ thousand }}"
    match = _BARE.fullmatch(text)
    return text if match is None else rf"{match['number']} \text{{ {match['letter']} }}"
