r"""One spelling for what LaTeX, programs and people spell in many ways.

`canonical` changes no meaning: sizes, spaces, fonts, synonyms of commands, program notation
(`sqrt(2)`, `2*pi`, `1.6e-19`), repeating decimals. What a text means is for `shapes` to tell.
"""

import re
from collections.abc import Callable
from fractions import Fraction

from passk.domains.math.brackets import argument, closing_brace
from passk.domains.math.characters import to_latex
from passk.domains.math.unit_tails import join_units

_DROPPED = re.compile(
    r"\\(?:displaystyle|textstyle|scriptstyle|left|right|middle|[bB]igg?[lrm]?|limits|nolimits|"
    r"mathstrut|strut|bf|rm|it|mathsf|ensuremath|normalsize|large|Large|huge|centering|noindent)"
    r"(?![A-Za-z])\s*\.?(?<!\\left)(?<!\\right)|\\!|\\label\{[^{}]{0,80}\}|\\tag\{[^{}]{0,80}\}|"
    r"\\(?:[hv]?phantom|hspace|vspace|color)\*?\{[^{}]{0,200}\}|\\(?:hfill|newline|break)(?![A-Za-z])"
)
_SIZES = re.compile(r"\\(?:left|right|middle)\s*\.?(?![A-Za-z])|\\[bB]igg?[lrm]?(?![A-Za-z])\s*")
_SPACES = re.compile(
    r"(?<!\\)\\[,;:> ]|\\(?:quad|qquad|enspace|thinspace|medspace)(?![A-Za-z])|~|\s+"
)
_THIN = re.compile(r"(?<=\d)\\[,;: ](?=\d{3}(?!\d))|(?<=\d)(?:\{,\}|,\\!\s*|\\,\s?)(?=\d{3}(?!\d))")
_WRAPPERS = re.compile(
    r"\\(?:boldsymbol|bm|mathbf|mathbb|mathcal|mathit|pmb|underline|emph|textcolor\{[^{}]{0,40}\}|"
    r"overline|bar|vec|hat|overrightarrow|underbrace|overbrace)\s*(?=\{)"
)
_TEXTS = re.compile(
    r"\\(?:text|textbf|textit|textrm|texttt|textsf|mathtt|textnormal|mathrm|mbox|hbox|operatorname|"
    r"mathop)\*?\s*(?=\{)"
)
_SYNONYMS = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
        (r"\\[dt]binom(?![A-Za-z])", r"\\binom"),
        (r"\\(?:geqslant|geqq|geq)(?![A-Za-z])|>=|=>(?=\s*[-\d.])", r"\\ge "),
        (r"\\(?:leqslant|leqq|leq)(?![A-Za-z])|<=", r"\\le "),
        (r"\\neq(?![A-Za-z])|\\not\s*=|!=", r"\\ne "),
        (r"\\log_\s?(?:e(?![A-Za-z])|\{\s?e\s?\})", r"\\ln "),
        (r"\\lt(?![A-Za-z])", "<"),
        (r"\\gt(?![A-Za-z])", ">"),
        (r"\\(?:varnothing|O)(?![A-Za-z])|\\\{\s*\\\}", r"\\emptyset "),
        (r"\\(?:infin|infty)(?![A-Za-z])", r"\\infty "),
        (r"\+\s*\\infty", r"\\infty"),
        (r"\\lbrace(?![A-Za-z])", r"\\{"),
        (r"\\rbrace(?![A-Za-z])", r"\\}"),
        (r"\\lbrack(?![A-Za-z])", "["),
        (r"\\rbrack(?![A-Za-z])", "]"),
        (r"\\(?:lvert|rvert|vert)(?![A-Za-z])", "|"),
        (r"\\(?:dots[a-z]?|cdots|ldots)(?![A-Za-z])|\.{3,}", r"\\ldots "),
        (r"\\mathbb\s*R|\\Bbb\s*\{?R\}?|\\R(?![A-Za-z])|\\Re(?![A-Za-z])", r"\\mathbb{R}"),
        (r"\\colon(?![A-Za-z])", ":"),
        (r"\\langle(?![A-Za-z])", "("),
        (r"\\rangle(?![A-Za-z])", ")"),
        (r"\\checkmark(?![A-Za-z])|\\therefore(?![A-Za-z])|^\s*\\?#(?=\s*\d)", ""),
        (r"\\(?:rightarrow|longrightarrow)(?![A-Za-z])", r"\\to "),
        (r"\\var(epsilon|phi|theta|rho)(?![A-Za-z])", r"\\\1"),
        (r"\\(?:degree|textdegree)(?![A-Za-z])|\^\s*\\circ|\^\s*\{\s*\\circ\s*\}", r"^{\\circ}"),
        (r"\^\s*\{?\s*((?:\\prime\s*)+)\}?", lambda m: "'" * m[1].count("prime")),
        (r"\\(?:%|percent(?![A-Za-z]))", "%"),
        (r"\*\*", "^"),
        (r"(?<!\^)\*|\\(?:ast|bullet)(?![A-Za-z])", r"\\cdot "),
        (r"(?<=\d)\s*[xX]\s*(?=10\s*\^)", r" \\times "),
        (r"\\(?:mathring|mathscr|mathfrak)", ""),
        (r"\\imath(?![A-Za-z])", "i"),
        (r"(?<![A-Za-z\\])(?:np|math|numpy)\.(?=[a-z])", ""),
    )
]  # fmt: skip
_E_NOTATION = re.compile(
    r"(?<![A-Za-z\\\d.])(\d{1,40}\.?\d{0,40}|\.\d{1,40})[eE]([+-]?)\s?\{?(\d{1,3})\}?(?![\w.])"
)
_FUNCTIONS = (
    "arcsin", "arccos", "arctan", "arccot", "sinh", "cosh", "tanh", "sin", "cos", "tan", "cot",
    "sec", "csc", "log", "ln", "exp", "sqrt", "pi", "theta", "infty", "alpha", "beta", "omega",
    "lambda", "gcd", "max", "min", "det",
)  # fmt: skip
_NAMED = re.compile(
    rf"(?<![A-Za-z\\])({'|'.join(_FUNCTIONS)})(?![A-Za-z])(?=\s*[\d(^\\*/+)\-{{_]|$)"
)
_OVER = re.compile(r"\{([^{}]{1,200})\\over\s*([^{}]{1,200})\}")
_LETTERS = tuple("eidABCDEFGHIJKLMNOPQRTUVWXYZ")  # upright, they are what they are in italics
_POINT = re.compile(r"(?<![\d.])\.(?=\d)")
_BARE_POINT = re.compile(r"(?<=\d)\.(?![\d.])")
_REPEATING = re.compile(
    r"(\d{1,9})\.(\d{0,12}?)(?:\\(?:overline|bar|dot)\{?\s*(\d{1,12})\s*\}?(?:\\dot\{?(\d)\}?)?|"
    r"\((\d{1,12})\))"
)
_DOTTED = re.compile(r"(\d{1,9})\.(\d{0,6}?)(\d{1,6}?)\3{2,20}\s?\\ldots")
_ALIGNED = re.compile(r"\\(?:begin|end)\{(aligned|align|gathered|split|equation|array|cases)\*?\}")
_COLUMNS = re.compile(r"\\begin\{array\}\s*\{[^{}]{0,40}\}")
_TEXT_JOINT = re.compile(r"\\text\{([^{}]*\w[^{}]*?),?\s+(?:and|or)\s*\}")
_BINOMIAL = re.compile(r"(?<![A-Za-z\\}\])])\{?\}?C_\{?(\d{1,6})\}?\^\{?(\d{1,6})\}?")
_WRAPPED = re.compile(r"\$\$(.*)\$\$|\$([^$]*)\$|\\\((.*)\\\)|\\\[(.*)\\\]|\*\*(.*)\*\*", re.DOTALL)
_ENDING = re.compile(r"(?:[\s,;:*\\~]|(?<!\.\.)\.)+$")
DOLLAR = "¤"  # in place of a dollar sign that is one, and opens no formula
_DOLLAR = re.compile(r"\\\$|^\$(?=\s?[\d.]+[^$]*$)")
_JOINT = re.compile(r"\$\s*([,;])\s*\$")
_NEGATIVE = re.compile(
    r"^(?:\\text\s?\{\s*)?(?:negative|minus)\s*(?:\}\s*|(?<=\s))(?=[\d¤\\])", re.IGNORECASE
)
_DECIMAL_COMMA = re.compile(r"(-?\s?0),(\d{1,60})")
_OPEN_SYSTEM = re.compile(r"\\left\s?\\\{(.*)\\right\s?\.?", re.DOTALL)
_LENGTH = re.compile(r"\\\\\[\s?-?[\d.]{1,8}\s?(?:pt|em|ex|mm|cm|in)\s?\]")
_CODE = re.compile(r"^(?:USD|US\\?\$)\s?(?=\d)")
_UNIT_LETTER = re.compile(r"(?<=\d)(?:\s|~|\\[,;:! ]){0,6}\\(?:text|mathrm)\s?\{\s*([A-Z])\s*\}")
_CHOOSE = re.compile(
    r"\{([^{}]{1,60})\\choose\s*([^{}]{1,60})\}|(?<![A-Za-z\\])C\((\d+),\s?(\d+)\)"
)
_ALL_TEXT = re.compile(
    r"\\text\s*\{([^{}]*\d[^{}]*|\s*[A-J](?:(?:\s*,|\s+and|\s+or)\s*[A-J])+\s*)\}"
)
_LONGEST = 2000  # characters of an answer; longer ones are compared as they stand


def canonical(text: str) -> str:
    r"""A text in the one spelling.

    Example:
        >>> canonical(r"$\bigl(1,\,2\bigr)$"), canonical("-1./3"), canonical("2*sqrt(3)")
        ('(1, 2)', '-1/3', '2\\cdot \\sqrt{3}')
        >>> canonical("1.6e-19"), canonical(r"0.\overline{36}"), canonical(r"11\,111\,111")
        ('1.6 \\times 10^{-19}', '\\frac{4}{11}', '11111111')
    """
    if len(text) > _LONGEST:
        return text.strip()
    text = _CHOOSE.sub(_binomial, _OVER.sub(r"\\frac{\1}{\2}", to_latex(text)))
    text = unwrapped(text)
    text = _CODE.sub("", _LENGTH.sub(r"\\\\", text))
    text = _JOINT.sub(r"\1 ", _DOLLAR.sub(DOLLAR, text))
    if match := _ALL_TEXT.fullmatch(text):
        text = _ENDING.sub("", match[1].strip())
    text = _DECIMAL_COMMA.sub(r"\1.\2", text) if _DECIMAL_COMMA.fullmatch(text) else text
    text = _UNIT_LETTER.sub(r"\\text{ \1 }", join_units(text))
    text = _repeating(_lines(_NEGATIVE.sub("-", text)))
    text = _THIN.sub("", text)
    text = _SIZES.sub("", text)
    text = _DROPPED.sub("", text)
    text = _fonts(text)
    for pattern, replacement in _SYNONYMS:
        text = pattern.sub(replacement, text)
    text = _SPACES.sub(" ", text).replace("\\/", "").replace("$", "")
    text = _E_NOTATION.sub(_power_of_ten, text)
    text = _BARE_POINT.sub("", _POINT.sub("0.", text))
    text = _BINOMIAL.sub(r"\\binom{\1}{\2}", text)
    text = _NAMED.sub(r"\\\1", text)
    text = _TEXT_JOINT.sub(r"\\text{\1} \\text{ and } ", text)
    text = _arguments(text)
    return _ENDING.sub("", re.sub(r" {2,}", " ", text)).strip()


def unwrapped(text: str) -> str:
    r"""Without dollar signs, asterisks, boxes around all, and the full stop behind.

    Example:
        >>> unwrapped(r" \(\boxed{\boxed{12}}\). "), unwrapped("$5$;$10$")
        ('12', '$5$;$10$')
    """
    for _ in range(8):
        text = text.strip() if _WRAPPED.fullmatch(text.strip()) else _ENDING.sub("", text.strip())
        if match := _WRAPPED.fullmatch(text):
            text = next(group for group in match.groups() if group is not None)
        elif (match := re.match(r"\\(?:boxed|fbox|framebox)\s*(?=\{)", text)) and closing_brace(
            text, match.end()
        ) == len(text) - 1:
            text = text[match.end() + 1 : -1]
        elif text.startswith("{") and closing_brace(text, 0) == len(text) - 1:
            text = text[1:-1]
        else:
            break
    return text


def _binomial(match: re.Match[str]) -> str:
    return rf"\binom{{{match[1] or match[3]}}}{{{match[2] or match[4]}}}"


def squeezed(text: str) -> str:
    """A text without the spaces that part no letters or digits: `1 2` is not `12`."""
    return re.sub(r"(?<![0-9A-Za-z]) | (?![0-9A-Za-z])", "", text)


def _lines(text: str) -> str:
    """Without environments that only align; their lines are joined by commas."""
    if not _ALIGNED.search(text):
        return text
    if "matrix" in text or ("cases" in text and "&" in text):
        return text
    text = _ALIGNED.sub(" ", _COLUMNS.sub(" ", text)).replace("&", " ").strip()
    if system := _OPEN_SYSTEM.fullmatch(text):
        text = system[1]
    return ", ".join(line.strip() for line in text.split(r"\\") if line.strip())


def _repeating(text: str) -> str:
    def fraction(match: re.Match[str]) -> str:
        whole, start, period = match[1], match[2], match[3] or match[5]
        if match[4]:
            period += match[4]
        return _fraction(whole, start, period)

    def dotted(match: re.Match[str]) -> str:
        return _fraction(match[1], match[2], match[3])

    text = _REPEATING.sub(fraction, text)
    if "..." in text or "dots" in text:
        text = _DOTTED.sub(dotted, re.sub(r"\.{3,}|\\(?:l|c)?dots(?![A-Za-z])", r"\\ldots ", text))
    return text


def _fraction(whole: str, start: str, period: str) -> str:
    nines = (10 ** len(period) - 1) * 10 ** len(start)
    value = int(whole) + Fraction(int(start or 0), 10 ** len(start)) + Fraction(int(period), nines)
    if value.denominator == 1:
        return str(value.numerator)
    return rf"\frac{{{value.numerator}}}{{{value.denominator}}}"


def _fonts(text: str) -> str:
    r"""Bold and the like are dropped; upright text is `\text{}`, or nothing for single letters."""
    text = re.sub(r"\\mathbb\s*\{([A-Z])\}", r"\\bb{\1}", text)
    text = _peeled(text, _WRAPPERS, lambda content: content)
    text = _peeled(text, _TEXTS, _upright)
    return re.sub(r"\\bb\{([A-Z])\}", r"\\mathbb{\1}", text)


def _upright(content: str) -> str:
    bare = content.strip().strip("$").strip()
    if bare in _FUNCTIONS and bare not in ("min", "max"):
        return rf"\{bare} "
    if not bare:
        return " "
    if not re.search(r"[A-Za-zÅΩμ]", bare) or (content == bare and bare in _LETTERS):
        return content.replace("$", "")
    return rf"\text{{{content.replace('$', '')}}}"


def _peeled(text: str, pattern: re.Pattern[str], replace: Callable[[str], str]) -> str:
    """Each command of a pattern with its group replaced, innermost last."""
    parts, start = [], 0
    while match := pattern.search(text, start):
        end = closing_brace(text, match.end())
        if end < 0:
            break
        content = _peeled(text[match.end() + 1 : end], pattern, replace)
        parts += [text[start : match.start()], replace(content)]
        start = end + 1
    return "".join(parts) + text[start:]


def _power_of_ten(match: re.Match[str]) -> str:
    mantissa, sign, digits = match.groups()
    return rf"{mantissa.rstrip('.')} \times 10^{{{'-' if sign == '-' else ''}{int(digits)}}}"


def _arguments(text: str) -> str:
    r"""Roots, fractions and exponentials with their arguments in braces."""
    parts, start = [], 0
    for match in re.finditer(
        r"\\(sqrt|frac|exp|log_|binom)(?![A-Za-z])\s*(\[[^\[\]]{1,20}\])?", text
    ):
        if match.start() < start:
            continue
        first, end = argument(text, match.end())
        if not first:
            continue
        parts.append(text[start : match.start()])
        start = end
        first = _arguments(first)
        if match[1] in ("frac", "binom"):
            second, start = argument(text, end)
            parts.append(rf"\{match[1]}{{{first}}}{{{_arguments(second)}}}")
        elif match[1] == "exp":
            parts.append(rf"e^{{{first}}}")
        elif match[1] == "log_":
            parts.append(rf"\log_{{{first}}}")
        else:
            parts.append(rf"\sqrt{match[2] or ''}{{{first}}}")
    return "".join(parts) + text[start:]
