r"""Which formulas are names: `x`, `f(x)`, `|AB|`, `\angle A`, `P(X = 1)`, `x_1 + x_2`."""

import re

from passk.domains.math.brackets import outside

_LONGEST = 120
_NAME = re.compile(r"[A-Za-z_'|(){}=<>,\s\d+\-*/^\\&:!.]+")
_PHRASE = re.compile(r"(?:\\text\{[^{}]*\}|[A-Z][a-z]+(?: [a-z]+)*)(?:\s*\([^()]*\))?")
_INDEX = re.compile(r"_\s?(?:\{[^{}]{1,40}\}|\\?\w)")
# A function of an angle that has a name is asked for as if it were one; `\sin x = 1` is solved.
_RATIO_OF_ANGLE = re.compile(
    r"\\(?:sin|cos|tan|cot|sec|csc)(?:\^\{?2\}?)?\s*(?:\\angle\s*|\\left)*"
    r"\(?(?:\\(?!frac)[a-z]+|[A-Z]{1,3})\)?(?![A-Za-z(])"
)
_APPLIED = re.compile(
    r"[A-Za-z]'*\s?\((?:[^()]|\([^()]*\))*\)|\\(?!sin|cos|tan|cot|sec|csc|ln|log)[a-z]+\s?\([^()]*\)"
)
# A negative is no name; `chains` gives its minus to the value.
_NEGATIVE = re.compile(r"(?:[\s({]|\\text\s?\{){0,4}[-−+]")
# Nor is a product or quotient of variables; `dy/dx`, and words of three letters, are.
_PRODUCT = re.compile(
    r"(?!d[a-z]\s?/)[a-z](?:\s?(?:\\cdot|\\times|/)?\s?[a-z]){1,2}|"
    r"\\frac\{(?!d[a-z]?\}\{d)[a-z]{1,2}\}\{[a-z]{1,2}\}"
)
_COMPUTED = re.compile(r"\d|\^|\\(?:sqrt|ln|log|sin|cos|tan|cot|sec|csc|exp|int|sum|prod)(?![a-z])")


def is_name(text: str) -> bool:
    r"""Whether a formula is a name, or a sum of names: it stands for what it equals.

    Example:
        >>> [is_name(text) for text in ("x", "f(x)", "|AB|", "x_1 + x_2", "x^2", "16", "2x")]
        [True, True, True, True, False, False, False]
        >>> is_name("-x"), is_name("ab"), is_name("a/b"), is_name("AB"), is_name("dy/dx")
        (False, False, False, True, True)
    """
    text = text.strip(" &")
    if not text or len(text) > _LONGEST or _NAME.fullmatch(text) is None:
        return False
    if _NEGATIVE.match(text) or _is_product(text):
        return False
    if _PHRASE.fullmatch(text):
        return True
    bare = _INDEX.sub("", text.replace("^{-1}(", "("))
    for pattern in (_RATIO_OF_ANGLE, _APPLIED):
        bare = pattern.sub("N", bare)
    return _COMPUTED.search(bare) is None and re.search("[A-Za-z]", bare) is not None


def _is_product(text: str) -> bool:
    """Whether single small letters are multiplied or divided: `ab`, `a/b`; `sum` is a word."""
    if _PRODUCT.fullmatch(text) is None:
        return False
    return len(text) != 3 or not text.isalpha() or list(text) == sorted(text)


def is_sum(text: str) -> bool:
    """Whether a formula is a sum or difference.

    Example:
        >>> is_sum("x + y"), is_sum("-x"), is_sum("f(x+y)")
        (True, False, False)
    """
    return re.search(r"(?<=[^\s(])\s*[+-]", outside(text)) is not None
