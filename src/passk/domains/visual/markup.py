r"""Texts without what only changes how they look.

Example:
    >>> plain(r"**24** \(\mathrm{~cm}^2\)"), plain(r"$1{,}250$"), plain(r"60^{\circ}")
    ('24 cm^2', '1,250', '60 degrees')
"""

import re

# In this order; every pattern matches a bounded stretch, so that time grows with length alone.
_RULES = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (r"[−–](?=[\d.])", "-"),
        (r"\{,\}|,\\!|\\,(?=\d{3})", ","),
        (r"\\(?:text|textbf|textit|mathrm|mathbf|mathit|operatorname|bf|rm)\s?\{([^{}]{0,80})\}",
         r" \1 "),
        (r"\^\s?\{?\s?(?:\\circ|∘|°)\s?\}?|\\degrees?\b|°", " degrees "),
        (r"<sup>([^<>]{0,10})</sup>", r"^\1"),
        (r"\^\{([^{}]{1,10})\}", r"^\1"),
        (r"²", "^2"),
        (r"³", "^3"),
        (r"\\[dt]frac", r"\\frac"),
        (r"√\s?\{", r"\\sqrt{"),
        (r"√\s?(\w{1,9})", r"\\sqrt{\1}"),
        (r"\\([%$#&_{}])", r"\1"),
        (r"\\(?:left|right|displaystyle|q?quad)\b|\\[,;!: ]|\\[()\[\]]", " "),
        (r"~|\*\*|__|`|\u200b", " "),
        (r"\*([^*\n]{1,80})\*", r"\1"),
        (r" {2,}", " "),
        (r" \^", "^"),
    )
)  # fmt: skip


def plain(text: str, *, dollars: bool = True) -> str:
    """A text without emphasis, LaTeX spacing, and delimiters of formulas.

    Args:
        text: an answer, or a sentence.
        dollars: dollar signs go, too, as they may be a formula's; else they stay.
    """
    for pattern, put in _RULES:
        text = pattern.sub(put, text)
    return (text.replace("$", " ") if dollars else text).strip(" \n\t,;:").rstrip(".,;: ")
