r"""What a gold answer says: an answer alone, a solution, or formulas in dollars."""

from passk.domains.math.spelling import canonical
from passk.domains.stated.boxes import last_box

_MARK = "####"  # GSM8K: the answer stands behind it


def gold_answer(gold: str) -> str:
    r"""The answer in a gold text, in the one spelling.

    Example:
        >>> gold_answer("He runs 9*60=540 meters\n#### 540"), gold_answer(r"so \boxed{12}")
        ('540', '12')
        >>> gold_answer("69$,$84"), gold_answer("4.5e33")
        ('69, 84', '4.5 \\times 10^{33}')
    """
    if _MARK in gold:
        gold = gold.rpartition(_MARK)[2]
    elif r"\boxed" in gold and (box := last_box(gold)) is not None:
        gold = box.text
    return canonical(gold)
