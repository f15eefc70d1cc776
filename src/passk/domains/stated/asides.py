"""Announcements behind a closed box that do not replace it: suppositions, parts, other units.

Behind a box, `the answer` is often another's: of a case that does not hold (`using 5 instead, the
answer would be 7`), of a part, of a similar problem, or the same answer in another unit.
"""

import re

# Before an announcement, in the same sentence, beyond commas.
_SUPPOSED = re.compile(
    r"\b(?:if|suppose|supposing|assum(?:e|ing)|imagine|provided|unless|otherwise|hypothetically|"
    r"had (?:we|i|it|there|the|they|you)|were (?:we|i|it|there|the|they|you)|"
    r"(?:in|under) (?:that|this|which|either|the other|another|such an?) (?:case|scenario)|"
    r"(?:for|when|with|where|at|taking|setting|using|let) [$\\(]{0,3}[a-z]{1,2}[)$]{0,2}\s?[=<>≤≥]|"
    r"(?:using|with|for|taking|had)\b[^.\n]{1,60}\b(?:instead|in place of|in lieu of)|"
    r"without\b(?! (?:loss|(?:any |a )?doubt|further)\b)|"
    r"for (?:example|instance|comparison|reference))(?!\w)"
    r"|如果|假如|假设|假若|若|倘若|要是|比如|例如",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:similar|analogous|related|different|another|other|previous|preceding|earlier|next|"
    r"simpler|modified|generali[sz]ed) (?:\w+ )?"
    r"(?:problems?|questions?|cases?|examples?|parts?|exercises?|versions?|steps?|variants?)\b"
    r"|第\s?[一二三四五1-5]\s?(?:个)?(?:小?问|小?题|步|部分)|上一?[步问题]|类似|检验|验证|验算|代入",
    re.IGNORECASE,
)
# Between `the answer` and `is`: of which question, or in which unit.
_QUALIFIED = re.compile(
    r"\banswers?\b[^\n]{0,60}?\s(?:(?:to|for|of|in) (?:the )?(?:first |second |third |last "
    r"|previous "
    r"|other )?(?:parts?|steps?|sub-?\w{1,10}|case|questions? \d|problems? \d"
    r"|\([a-z\d]{1,3}\))(?!\w)"
    r"|(?:for|when|with|at) [$\\(]{0,3}[a-z]{1,2}[)$]{0,2}\s?[=<>≤≥]"
    r"|in (?:(?:terms of|units? of|decimal|fraction|radian|degree) ?)?(?!total|all|fact|the|this|"
    r"that|its?|my|our|your|conclusion|short|summary|simplest|lowest|exact|any|each"
    r"|question)[a-z]+s?"
    r"(?: \w+)?(?= (?:is|are|was|would|equals?)\b|\s?[:=]))",
    re.IGNORECASE,
)
_WOULD = re.compile(r"\bwould be\b", re.IGNORECASE)
_CONCLUDES = re.compile(r"\b(?:so|thus|hence|therefore|final|correct)\b", re.IGNORECASE)
_INTERMEDIATE = re.compile(r"(?<!最终)(?<!最后)(?<!最终的)(?<!最后的)结果[^，。；]{0,14}$")
_WHERE_NOT = re.compile(r"[^.;\n]{0,80}\b(?:if|had|were|instead)\b", re.IGNORECASE)
_REACH = 300


def is_aside(before: str, behind: str = "") -> bool:
    """Whether an announcement behind a closed box leaves the box's answer as it is.

    Args:
        before: the sentence up to what is announced.
        behind: what is announced, and the rest of the sentence.

    Example:
        >>> is_aside("If we had used 5, the answer would be "), is_aside("So the answer is ")
        (True, False)
        >>> is_aside("The answer in hours is "), is_aside("The answer in total is ")
        (True, False)
    """
    before = before[-_REACH:]
    if _SUPPOSED.search(before) or _OTHER.search(before) or _INTERMEDIATE.search(before):
        return True
    if _QUALIFIED.search(before):
        return True
    return _WOULD.search(before) is not None and (
        _CONCLUDES.search(before) is None or _WHERE_NOT.match(behind) is not None
    )


def is_hypothetical(before: str, behind: str) -> bool:
    """Whether a sentence says what the answer would be in a case that does not hold.

    Example:
        >>> is_hypothetical("If n were 5, the answer would be ", "7")
        True
        >>> is_hypothetical("So the answer would be ", "7")
        False
    """
    before = before[-_REACH:]
    return _WOULD.search(before) is not None and bool(
        _SUPPOSED.search(before) or _WHERE_NOT.match(behind)
    )
