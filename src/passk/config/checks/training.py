"""Training: batches that can be filled, and models that are not made from themselves."""

import graphlib
from collections.abc import Iterator

from passk.config.checks.filters import count_at_most
from passk.config.checks.names import arm_of
from passk.config.schema import Study


def find_faults(study: Study) -> Iterator[str]:
    """Batches larger than what there is to learn, circles, and choices that cannot pass."""
    yield from _batches(study)
    yield from _circles(study)


def _batches(study: Study) -> Iterator[str]:
    for name, arm in study.sft.items():
        most = _count_demonstrations(study, arm.demonstrations)
        if most is not None and arm.batch > most:
            yield (
                f"sft.{name}.batch = {arm.batch}: {arm.demonstrations!r} holds {most} "
                f"demonstrations at most; legal: at most {most}, or more problems or samples"
            )


def _count_demonstrations(study: Study, name: str) -> int | None:
    """How many there can be; None where the parameters do not say."""
    if (answers := study.reference_answers.get(name)) is not None:
        return count_at_most(study, answers.set)
    choice = study.rejection_sampling.get(name)
    draw = study.draws.get(choice.draw) if choice is not None else None
    if choice is None or draw is None:
        return None
    limits = [limit for limit in (choice.per_problem, draw.n) if limit is not None]
    sizes = [count_at_most(study, set_name) for set_name in draw.sets]
    known = [size for size in sizes if size is not None]
    return sum(known) * min(limits) if limits and len(known) == len(sizes) else None


def _circles(study: Study) -> Iterator[str]:
    """A model that is trained from itself, or on samples of itself, by way of others or not."""
    needs = {name: {arm_of(arm.start)} for name, arm in study.train.items()}
    for name, tuned in study.sft.items():
        needs[name] = {arm_of(tuned.start)}
        choice = study.rejection_sampling.get(tuned.demonstrations)
        if choice is not None and choice.draw in study.draws:
            needs[name].add(arm_of(study.draws[choice.draw].model))
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        circle = list(reversed(error.args[1]))
        section = "sft" if circle[0] in study.sft else "train"
        yield (
            f"{section}.{circle[0]}: trained from itself ({' from '.join(circle)}); give one of "
            "them another start model or other demonstrations"
        )
