"""Draws: engines that go with their models, samples of their own, attempts that there are."""

import itertools
from collections.abc import Iterator

from passk.config.checks.names import arm_of
from passk.config.schema import Study
from passk.data.problem_filters import First
from passk.sampling.engines.registry import ENGINES
from passk.sampling.settings import Draw


def find_faults(study: Study) -> Iterator[str]:
    """Wrong engines, samples that two draws or sets would share, and k beyond n."""
    yield from _engines(study)
    yield from _shared_problems(study)
    yield from _shared_samples(study)
    yield from _imported_replicates(study)
    yield from _beyond_n(study)


def _engines(study: Study) -> Iterator[str]:
    served = {name for name, fetched in study.fetch.items() if fetched.served}
    for name, draw in study.draws.items():
        imported = arm_of(draw.model) in study.imported
        if imported != (ENGINES[draw.engine].collect is not None):
            yield (
                f"draws.{name}.engine = {draw.engine!r}: engine 'imported' goes with a model "
                "under `imported:`, and with no other"
            )
        if (draw.model in served) != ENGINES[draw.engine].served:
            yield (
                f"draws.{name}.engine = {draw.engine!r}: engine 'endpoint' goes with a model under "
                "`fetch:` whose source is served:NAME, and with no other"
            )
    for section, models in (("train", study.train), ("sft", study.sft)):
        for name, made in models.items():
            if made.start in served:
                yield (
                    f"{section}.{name}.start = {made.start!r}: a model on a server has no weights "
                    "here; legal: a model of `pretrain`, `sft`, or `fetch` from a folder or the hub"
                )


def _share_problems(study: Study, one: str, other: str) -> bool:
    """Whether two sets certainly have a problem in common: the first of one source."""
    if one == other:
        return one in study.sets
    if one not in study.sets or other not in study.sets:
        return False
    entry, second = study.sets[one], study.sets[other]
    alike = _same_problems(study, entry.problems, second.problems)
    alike = alike and entry.images == second.images == "own"
    rest = [
        [chosen for chosen in filters if not isinstance(chosen, First)]
        for filters in (entry.filters, second.filters)
    ]
    return alike and rest[0] == rest[1]


def _same_problems(study: Study, one: str, other: str) -> bool:
    """Whether two sources are one, or the same generated problems, but for their number."""
    worlds = [study.worlds[name] for name in (one, other) if name in study.worlds]
    same = len(worlds) == 2 and worlds[0].model_copy(update={"size": worlds[1].size}) == worlds[1]
    return one == other or same


def _shared_problems(study: Study) -> Iterator[str]:
    """Sets of one draw that have a problem in common: it would be sampled once, and count twice."""
    for name, draw in study.draws.items():
        if ENGINES[draw.engine].blocks is None:
            continue
        for one, other in itertools.combinations(draw.sets, 2):
            if _share_problems(study, one, other):
                yield (
                    f"draws.{name}.sets = [{', '.join(draw.sets)}]: {one!r} and {other!r} share "
                    f"problems of {study.sets[one].problems!r}, whose samples would have one "
                    "random stream; name one of them, and make the other a view, or another draw "
                    "with its own replicate"
                )


def _recipe(draw: Draw) -> tuple[object, ...]:
    """What the random streams of a draw depend on, besides the problems."""
    top_p = draw.top_p if draw.temperature else 1.0
    return (
        draw.model, draw.engine, draw.template, draw.temperature, top_p, draw.max_new_tokens,
        draw.replicate,
    )  # fmt: skip


def _shared_samples(study: Study) -> Iterator[str]:
    """Draws that are the same samples under two names."""
    drawn = {
        name: draw for name, draw in study.draws.items() if ENGINES[draw.engine].blocks is not None
    }
    for (name, draw), (other, second) in itertools.combinations(drawn.items(), 2):
        if _recipe(draw) == _recipe(second) and any(
            _share_problems(study, *pair) for pair in itertools.product(draw.sets, second.sets)
        ):
            yield (
                f"draws.{other}.replicate = {second.replicate}: the same samples as draws.{name} "
                "(model, settings, problems and replicate are equal); give it another replicate, "
                "or remove it"
            )


def _imported_replicates(study: Study) -> Iterator[str]:
    """Imported draws that count the same samples as if they were drawn independently."""
    imported = {
        name: draw for name, draw in study.draws.items() if ENGINES[draw.engine].collect is not None
    }
    for (name, draw), (other, second) in itertools.combinations(imported.items(), 2):
        shared = [chosen for chosen in draw.sets if chosen in second.sets]
        if draw.model == second.model and shared and draw.replicate != second.replicate:
            yield (
                f"draws.{other}.replicate = {second.replicate}: imports the samples of "
                f"{second.model!r} on {shared[0]!r} as draws.{name} does (replicate "
                f"{draw.replicate}), so that the same samples would count as independent ones; "
                "legal: one draw of each model and set; import other samples under another name"
            )


def _beyond_n(study: Study) -> Iterator[str]:
    """Requests for a k past n: undefined, and never answered by extrapolation."""
    for name, compared in study.analysis.comparisons.items():
        k = study.analysis.gap_at(name)
        draw = study.draws.get(compared.reference)
        if draw is not None and draw.n is not None and k > draw.n:
            own = compared.efficiency_k is not None
            key = f"analysis.comparisons.{name}.efficiency_k" if own else "analysis.efficiency_k"
            yield (
                f"{key} = {k}: comparison {name!r} compares at pass@{k}, but draw "
                f"{compared.reference!r} has n = {draw.n}; legal: at most {draw.n}, or raise draws."
                f"{compared.reference}.n"
            )
    least = study.analysis.k[0]
    used = [
        (f"analysis.comparisons.{name}", (compared.reference, compared.candidate))
        for name, compared in study.analysis.comparisons.items()
    ]
    used += [
        (f"headline.{name}", (figure.reference, figure.candidate))
        for name, figure in study.headline.items()
    ]
    for key, names in used:
        for name in dict.fromkeys(names):
            draw = study.draws.get(name)
            if draw is not None and draw.n is not None and draw.n < least:
                yield (
                    f"analysis.k = {study.analysis.k}: {key} shows draw {name!r} of n = {draw.n}, "
                    f"and no k is at most that; legal: a grid from {draw.n} or below, or raise "
                    f"draws.{name}.n"
                )
