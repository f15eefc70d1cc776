r"""Characters that stand for LaTeX: mathematical signs of Unicode, full-width and Chinese marks."""

import re

_SIGNS = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "﹣": "-", "×": r"\times ", "✕": r"\times ",
    "÷": r"\div ", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ", "•": r"\cdot ", "∗": "*",
    "∞": r"\infty ", "≤": r"\le ", "≦": r"\le ", "⩽": r"\le ", "≥": r"\ge ", "≧": r"\ge ",
    "⩾": r"\ge ", "≠": r"\ne ", "≈": r"\approx ", "≡": r"\equiv ", "±": r"\pm ", "∓": r"\mp ",
    "∪": r"\cup ", "∩": r"\cap ", "∅": r"\emptyset ", "∈": r"\in ", "∉": r"\notin ",
    "°": r"^{\circ}", "º": r"^{\circ}", "˚": r"^{\circ}", "′": "'", "’": "'", "″": "''",
    "∠": r"\angle ", "△": r"\triangle ", "→": r"\to ", "⇒": r"\Rightarrow ", "∧": r"\land ",
    "∨": r"\lor ", "¬": r"\lnot ", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "ℕ": r"\mathbb{N}",
    "ℚ": r"\mathbb{Q}", "ℂ": r"\mathbb{C}", "∣": "|", "…": r"\ldots ", "⋯": r"\ldots ",
    "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ", "∥": r"\parallel ",
    "⟨": r"\langle ", "⟩": r"\rangle ", "∑": r"\sum ", "∏": r"\prod ", "∫": r"\int ",
    "∂": r"\partial ", "∝": r"\propto ", "⊥": r"\perp ", "∀": r"\forall ", "∃": r"\exists ",
    "⊂": r"\subset ", "⊆": r"\subseteq ", "∖": r"\setminus ", "⁄": "/", "∕": "/", "∶": ":",
    "。": ".", "、": ",", "【": "[", "】": "]", "％": r"\%", "￥": "¥", "\u200b": "", "\ufeff": "",
    "“": '"', "”": '"', "‘": "'", "ⅈ": "i", "ℯ": "e", "½": r"\frac{1}{2}", "⅓": r"\frac{1}{3}",
    "⅔": r"\frac{2}{3}", "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}", "⅕": r"\frac{1}{5}",
    "⅖": r"\frac{2}{5}", "⅗": r"\frac{3}{5}", "⅘": r"\frac{4}{5}", "⅙": r"\frac{1}{6}",
    "⅚": r"\frac{5}{6}", "⅛": r"\frac{1}{8}", "⅜": r"\frac{3}{8}", "⅝": r"\frac{5}{8}",
    "⅞": r"\frac{7}{8}", "∛": r"\sqrt[3]", "√": r"\sqrt",
}  # fmt: skip
_LETTERS = "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ"
_LETTER_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
)
_GREEK = dict(zip(_LETTERS, _LETTER_NAMES.split(), strict=True))
_FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_TABLE = str.maketrans(
    {" ": " ", "\u3000": " ", "\u2009": " ", "\u202f": " ", "\u2002": " ", "\u2003": " "}
    | _FULL_WIDTH
    | _SIGNS
    | {letter: rf"\{name} " for letter, name in _GREEK.items()}
)
_RAISED, _NORMAL = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿˣ", "0123456789+-()nx"
_LOWERED = "₀₁₂₃₄₅₆₇₈₉₊₋ₐₙₓ"
_RAISE = re.compile(f"[{_RAISED}]+")
_LOWER = re.compile(f"[{_LOWERED}]+")
_RAISE_TABLE = str.maketrans(_RAISED, _NORMAL)
_LOWER_TABLE = str.maketrans(_LOWERED, "0123456789+-anx")
_CHINESE_JOINTS = re.compile(r"\s*(?:或者?|和|及|以及|与|且)\s*")
_PLAIN = re.compile(r"[\x00-\x7f]*")


def to_latex(text: str) -> str:
    r"""A text with LaTeX in place of mathematical signs.

    Example:
        >>> to_latex("x² − 3√5 ≤ ¾"), to_latex("（1，2）")
        ('x^{2} - 3\\sqrt5 \\le  \\frac{3}{4}', '(1,2)')
    """
    if _PLAIN.fullmatch(text):
        return text
    text = _RAISE.sub(lambda match: "^{" + match[0].translate(_RAISE_TABLE) + "}", text)
    text = _LOWER.sub(lambda match: "_{" + match[0].translate(_LOWER_TABLE) + "}", text)
    text = _CHINESE_JOINTS.sub(" or ", text)
    return text.translate(_TABLE)
