"""Sentences that refuse to answer, which hold no answer whatever numbers or words are in them.

Example:
    >>> [refuses(sentence) for sentence in ("No image was provided.", "There are 0 bars.")]
    [True, False]
"""

import re

_IMAGE = r"(?:images?|pictures?|photos?|photographs?|figures?|diagrams?|attachments?|graphic)"
_REFUSAL = re.compile(
    rf"\b(?:no|0|zero|not any|any|without an?|missing) (?:\w+ ){{0,1}}{_IMAGE}\b(?! (?:shows?|"
    rf"has|have|of)\b)"
    r"|\b(?:cannot|can not|can['’]?t|couldn['’]?t|could not|unable to|not able to|not possible to|"
    r"impossible to|difficult to|hard to) (?:\w+ly |actually |even )?(?:see|view|tell|say|"
    r"determine|access|"
    r"count|answer|read|identify|know|open|display|load|help|interpret|analy[sz]e|process|"
    r"make out|provide)\b"
    r"|\bno idea\b|\b(?:don['’]?t|do not) know\b|\b(?:re-?)?upload\b|\blanguage model\b|"
    r"\bas an ai\b"
    rf"|\b(?:provide|attach|send|share|include)\b[^.\n]{{0,40}}\b{_IMAGE}\b"
    r"|\bplease (?:attach|upload|provide|send|share)\b"
    r"|\bnot (?:visible|attached|provided|clear enough|enough information)\b"
    r"|(?:无法|不能|没有)(?:看到|查看|确定|判断|图)|没有图",
    re.IGNORECASE,
)


def refuses(sentence: str) -> bool:
    """Whether a sentence says that the answer cannot be told, or the image not be seen."""
    return _REFUSAL.search(sentence) is not None
