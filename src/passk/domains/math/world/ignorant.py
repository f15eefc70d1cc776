"""The ignorant strategy in the `digits` world; see `passk.domains.ignorant`."""

from collections import defaultdict
from collections.abc import Collection

from passk.domains.ignorant import IgnorantChance
from passk.domains.math.world.chains import solve
from passk.domains.math.world.operations import OPERATIONS, Digits, digits
from passk.domains.math.world.questions import parse_question


def solve_blindly(
    question: str, shown: str | None, answer: str, withheld: Collection[str]
) -> IgnorantChance | None:
    """Chances where each step applies any operation that is not withheld, all alike.

    Example:
        >>> solve_blindly("f(48213)", None, "31284", ["seven"])  # reverse is one of eight
        IgnorantChance(answer=0.125, chain=0.125)
    """
    parsed = parse_question(question)
    if parsed is None:
        return None
    known = [name for name in OPERATIONS if name not in withheld]
    reached: dict[Digits, float] = {parsed.number: 1.0}
    for _ in parsed.names:
        after: defaultdict[Digits, float] = defaultdict(float)
        for number, chance in reached.items():
            for name in known:
                after[OPERATIONS[name](number)] += chance / len(known)
        reached = after
    chain = 1.0
    for step in solve(parsed).steps:
        chain *= (step.operation in known) / len(known)
    return IgnorantChance(reached.get(digits(answer), 0.0), chain)
