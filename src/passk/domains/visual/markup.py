r"""Texts without what only changes how they look.

Example:
    >>> plain(r"**24** \(\mathrm{~cm}^2\)"), plain(r"$1{,}250$"), plain(r"60^{\circ}")
    ('24 cm^2', '1,250', '60 degrees')
"""

import re

# Full-width forms and signs that look like ASCII, and are typed in its place.
_TYPED = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {
    ord(typed): meant for typed, meant in zip("−‒﹣，。、⋅∙", "---,.,··", strict=True)
}
_POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_FRACTIONS = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5",
    "⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip
_SPECIAL = re.compile(rf"(?P<digit>\d)?\s?(?P<part>[{''.join(_FRACTIONS)}])|(?P<power>[⁰¹²³⁴-⁹⁻]+)")

# In this order; every pattern matches a bounded stretch, so that time grows with length alone.
_RULES = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (r"[–—](?=\s?[\d.])", "-"),
        (r"\{,\}|,\\!|\\,(?=\d{3})", ","),
        (r"\\(?:text(?:bf|it|rm|up|normal)?|mbox|hbox|mathrm|mathbf|mathit|mathsf|operatorname|bf|rm)"
         r"\s?\{([^{}]{0,80})\}", r" \1 "),
        (r"\b(?:[Nn]egative|[Mm]inus)\s{1,4}(?=[\d$\\.]|(?:one|two|three|four|five|six|seven|eight|"
         r"nine|ten|eleven|twelve)\b)", "-"),
        (r"\^\s?\{?\s?(?:\\circ|∘|°)\s?\}?|\\degrees?\b|°|º", " degrees "),
        (r"<sup>([^<>]{0,10})</sup>", r"^\1"),
        (r"\^\s?\{([^{}]{1,10})\}", r"^\1"),
        (r"\\[dtc]frac", r"\\frac"),
        (r"\\frac\s?(\d)\s?(\d)", r"\\frac{\1}{\2}"),
        (r"√\s?\{", r"\\sqrt{"),
        (r"√\s?\(([^()]{1,40})\)", r"\\sqrt{\1}"),
        (r"√\s?(\w{1,9})", r"\\sqrt{\1}"),
        (r"(?<![\\a-zA-Z])sqrt\s?\(([^()]{1,40})\)", r"\\sqrt{\1}"),
        (r"(?<=[\d\s(*])pi\b|^pi\b", r"\\pi "),
        (r"(?<=[\w)])\*\*(?=[\d(-])", "^"),
        (r"\\([%$#&_{}])", r"\1"),
        (r"\\colon\b", ":"),
        (r"\\Omega\b", "Ω"),
        (r"\\(?:left|right|displaystyle|textstyle|bf|rm|it|tt|q?quad)\b|\\[,;!: ]|\\[()\[\]]", " "),
        (r"~|\*\*|__|`|\u200b", " "),
        (r"\*([^*\n]{1,80})\*", r"\1"),
        (r"(?<=\d)\s?(?:\.{3,6}|…|\\dots|\\ldots)", ""),
        (r" {2,}", " "),
        (r" \^", "^"),
    )
)  # fmt: skip
_TEXT = _RULES[2]  # once more, around what the other rules have left of braces


def typed(text: str) -> str:
    """A text in which full-width forms, minus signs and the like are those of ASCII.

    Example:
        >>> typed("（−３）")
        '(-3)'
    """
    return text if text.isascii() else text.translate(_TYPED)


def _spell(match: re.Match[str]) -> str:
    """Fractions and powers of one sign, as they are written with digits."""
    if match["power"]:
        return "^" + match["power"].translate(_POWERS)
    part = _FRACTIONS[match["part"]]
    return f"{match['digit']} {part}" if match["digit"] else part


def plain(text: str, *, dollars: bool = True) -> str:
    """A text without emphasis, LaTeX spacing, and delimiters of formulas.

    Args:
        text: an answer, or a sentence.
        dollars: dollar signs go, too, as they may be a formula's; else they stay.
    """
    if not text.isascii():
        text = _SPECIAL.sub(_spell, typed(text))
    for pattern, put in _RULES:
        text = pattern.sub(put, text)
    text = _TEXT[0].sub(_TEXT[1], text)
    return (text.replace("$", " ") if dollars else text).strip(" \n\t,;:").rstrip(".,;: ")
