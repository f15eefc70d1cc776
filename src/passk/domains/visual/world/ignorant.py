"""The ignorant strategy in the `scenes` world, which reads every image right."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from passk.domains.ignorant import IgnorantChance
from passk.domains.visual.world.operations import COLOURED, OPERATIONS, apply
from passk.domains.visual.world.questions import Asked, operation, parse_question
from passk.domains.visual.world.scene import COLOURS, Items, Scene, number


def solve_blindly(
    question: str, shown: str | None, answer: str, withheld: Collection[str]
) -> IgnorantChance | None:
    """Chances where each step applies any operation that is not withheld, all alike.

    A step that takes a colour takes the one that its phrase names, or else any of them.
    """
    parsed = parse_question(question)
    if parsed is None or shown is None:
        return None
    scene = Scene.load(shown)
    known = [word for word in OPERATIONS if word not in withheld]
    reached: dict[Items, float] = {scene.items: 1.0}
    chain = 1.0
    for asked in parsed.asked:
        steps = dict(_list_steps(asked, known))
        after: defaultdict[Items, float] = defaultdict(float)
        for items, chance in reached.items():
            for step, share in steps.items():
                done = apply(step, items)
                assert done is not None, f"no operation {step!r}"
                after[done] += chance * share
        reached = after
        chain *= steps.get(operation(asked, scene), 0.0)
    right = sum(chance for items, chance in reached.items() if number(items) == answer)
    return IgnorantChance(right, chain)


def _list_steps(asked: Asked, known: list[str]) -> Iterator[tuple[str, float]]:
    """Operations, with their colour, that may be taken for a phrase, and their chances."""
    for word in known:
        if word not in COLOURED:
            yield word, 1.0 / len(known)
            continue
        colours = [asked.colour] if asked.colour else list(COLOURS)
        for colour in colours:
            yield f"{word} {colour}", 1.0 / len(known) / len(colours)
