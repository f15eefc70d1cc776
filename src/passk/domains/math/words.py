"""Answers in words, and the words behind numbers."""

import re

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
NUMBER_WORDS = {name: value for value, name in enumerate(_ONES)}
NUMBER_WORDS |= {name: 10 * value for value, name in enumerate(_TENS, 2)}
NUMBER_WORDS |= {
    f"{tens}-{one}": 10 * value + digit
    for value, tens in enumerate(_TENS, 2)
    for digit, one in enumerate(_ONES[1:10], 1)
} | {"a hundred": 100, "one hundred": 100, "hundred": 100, "one thousand": 1000, "a dozen": 12}

# Phrases that say the same.
_SAME = (
    {"no solution", "no solutions", "no real solution", "no real solutions", "none", "empty set",
     "emptyset", "no such", "there is no solution", "there are no solutions", "无解",
     "no such values", "no such value", "no such number", "no such numbers"},
    {"dne", "does not exist", "undefined", "doesn't exist", "not defined", "doesnt exist",
     "limit does not exist", "diverges", "不存在"},
    {"true", "yes", "correct"}, {"false", "no", "incorrect"},
    {"infinitely many", "infinite", "infinity", "infty", "infinite number",
     "infinitely many solutions"},
    {"impossible", "not possible", "it is impossible", "cannot be done"},
)  # fmt: skip
# Words that make another answer of the number before them.
_NOT_COUNTED = re.compile(
    r"and|or|but|not|plus|minus|times|over|than|nor|versus|divided|multiplied|squared|cubed|mod|if|"
    r"when|either|because|unless|except|factorial|is|was|wrong|incorrect|trillion|quadrillion|percentile|remainder|"
    r"R|r|more|fewer|less|least|most|choose|through|to|degrees?|radians?|base",
    re.IGNORECASE,
)
_PLAIN_WORDS = {"yes", "no", "odd", "even", "red", "all", "any", "max", "min", "one", "two", "six",
                "ten", "ace", "man", "boy", "tie", "dne", "sun", "mon", "tue", "wed", "thu", "fri",
                "sat", "may", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "oct", "nov",
                "dec"}  # fmt: skip
_TEXT = re.compile(r"\\text\s*\{([^{}]*)\}")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Begins a denial, a date, or the label of a part.
_NO_FORMULA = re.compile(
    r"(?:not|no|neither|either|never|unless)\b|[A-Z][a-z]{2,}\s+\d|\(?[a-z]\)\s"
)
_LETTER = re.compile(r"\(?\s?([A-J])\s?\)?")
_CHOSEN = re.compile(
    r"(?:[Oo]ption|[Cc]hoice|[Aa]nswer)?:?\s?\(?\s?([A-Ja-j])\s?\)?|\(?\s?([A-J])(?:\s?\)|\s?[.:])\s*.{0,400}",
    re.DOTALL,
)
_ARTICLES = re.compile(r"\b(?:the|a|an)\b")


def bare(text: str) -> str:
    """A text without commands that only set it, its braces and its outer marks."""
    return re.sub(r"\s+", " ", _TEXT.sub(r" \1 ", text)).strip(' .,;:!"`*')


def is_prose(text: str) -> bool:
    r"""Whether a canonical text is words rather than a formula.

    Example:
        >>> [is_prose(text) for text in (r"\text{east}", "listen", "AB", "xy", "35 cm", "x = 5")]
        [True, True, True, False, False, False]
    """
    set_as_text = "".join(match[1] for match in _TEXT.finditer(text))
    rest = _TEXT.sub(" ", text)
    plain = bare(text)
    if not plain:
        return False
    if re.search("[\u2460-\u2473]", plain):  # statements by number in a circle
        return True
    if re.search(r"[\d=<>^_+*/|\\]", rest):
        return _NO_FORMULA.match(plain) is not None or _labelled(text)
    if set_as_text.strip():
        return not re.fullmatch(r"[\s,.-]*(?:and|or)?[\s,.-]*", set_as_text) and (
            not re.search(r"[A-Za-z]", rest) or bool(_WORD.search(set_as_text))
        )
    words = _WORD.findall(plain)
    if any(word.lower() in ("and", "or") for word in words):
        words = [word for word in words if word.lower() not in ("and", "or")]
    if _CHINESE.search(plain) and not re.search(r"\d", plain):
        return True
    return any(
        len(word) > 3
        or (len(word) == 3 and word.islower() and list(word) != sorted(word))
        or word.isupper()
        or word.lower() in _PLAIN_WORDS
        or word[0].isupper()
        for word in words
    ) and not re.search(r"[(){}\[\]]", rest)


def _labelled(text: str) -> bool:
    """Whether parts of an answer are labelled, `(a) 3 (b) 4`, or a remainder is given, `7 R 2`."""
    plain = bare(text)
    return bool(
        re.match(r"\(?(?:a|i|1)\)\s.*\(?(?:b|ii|2)\)\s", plain)
        or re.fullmatch(r"\d+\s*(?:R|r|remainder)\s*\d+", plain)
    )


def is_count(words: str) -> bool:
    """Whether the words behind a number only say of what.

    Example:
        >>> is_count("apples"), is_count("(apples)"), is_count("or more"), is_count("R")
        (True, True, False, False)
    """
    tokens = re.findall(r"[^\W\d_]+", words)
    if _CHINESE.search(words):
        return not re.search(r"[万亿千百倍分不]", words)
    return (
        bool(tokens)
        and len(tokens) <= 8
        and not re.search(r"\d|[\^_=<>+*]", words)
        and all(len(token) > 1 or token.lower() in "ao" for token in tokens)
        and not any(_NOT_COUNTED.fullmatch(token) for token in tokens)
    )


def _phrase(text: str) -> str:
    text = _ARTICLES.sub(" ", bare(text).casefold().replace("-", " ").replace("$", ""))
    return re.sub(r"[\s.,;:!\"'`{}]+", " ", text.replace("\\", " ")).strip()


def same_words(gold: str, answer: str) -> bool:
    r"""Whether two texts say the same, whatever their case, articles and punctuation.

    Example:
        >>> same_words(r"\text{Even}", "even"), same_words("listen", "silent")
        (True, False)
        >>> same_words("no solution", r"\emptyset"), same_words("AB", "BA")
        (True, False)
    """
    left, right = _phrase(gold), _phrase(answer)
    if left == right:
        return bool(left) and (len(left) != 2 or bare(gold).isupper() == bare(answer).isupper())
    parts = [sorted(re.split(r"\s+and\s+|\s+or\s+", text)) for text in (left, right)]
    if len(parts[0]) > 1 and parts[0] == parts[1]:
        return True
    return any(left in group and right in group for group in _SAME)


def same_counted(left: str, right: str) -> bool:
    """Whether two sets of words behind numbers can name the same things."""
    stems = [
        {token.rstrip("s")[:5] for token in re.findall(r"[^\W\d_]{2,}", text.casefold())} - {"of"}
        for text in (left, right)
    ]
    return not stems[0] or not stems[1] or bool(stems[0] & stems[1])


def same_choice(gold: str, answer: str) -> bool | None:
    r"""Whether an answer names the choice that the gold is; None where these are no choices.

    Example:
        >>> same_choice("B", r"\text{(B)}"), same_choice("A", "A. 5"), same_choice("A", "C")
        (True, True, False)
        >>> same_choice("12", "A") is None, same_choice("A", "12") is None
        (True, True)
    """
    letter, chosen = _LETTER.fullmatch(bare(gold)), _CHOSEN.fullmatch(bare(answer))
    if letter is None or chosen is None:
        return None
    return letter[1] == (chosen[1] or chosen[2]).upper()
