"""Models and draws named ARM-sN repeat ARM with training seed N: name and parameter must agree."""

from collections.abc import Iterator, Mapping

from passk.models.naming import parse


def find_faults(
    sections: Mapping[str, Mapping[str, int]], draws: Mapping[str, str]
) -> Iterator[str]:
    """What disagrees, one line per place.

    Args:
        sections: section -> model (without its step) -> its `train_seed`.
        draws: draw -> the model that it samples, with its step.
    """
    seeds = {name: seed for models in sections.values() for name, seed in models.items()}
    repeated = {parse(name).arm for name in seeds if parse(name).train_seed}
    for section, models in sections.items():
        for name, seed in models.items():
            named: int | None = parse(name).train_seed
            if named is None and name in repeated:
                named = 0  # a name without a seed stands beside those of other seeds
            if named not in (None, seed):
                yield (
                    f"{section}.{name}.train_seed = {seed}: the name stands for training seed "
                    f"{named}; legal: {named}, or another name"
                )
    for draw, model in draws.items():
        named, seed_of = parse(draw).train_seed, seeds.get(model.partition("/")[0])
        if None not in (named, seed_of) and named != seed_of:
            yield (
                f"draws.{draw}.model = {model!r}: trained with train_seed {seed_of}, and the "
                f"draw's name stands for training seed {named}; legal: a model of that seed, or "
                "another name"
            )
