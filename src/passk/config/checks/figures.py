"""What is compared and shown must have been sampled: sets that draws have, and have in common."""

from collections.abc import Collection, Iterable, Iterator

from passk.config.schema import Study
from passk.core.legal import unknown


def find_faults(study: Study) -> Iterator[str]:
    """Comparisons without a common set, figures, examples, lists and views of unsampled sets."""
    yield from _comparisons(study)
    for name, figure in study.headline.items():
        yield from _one_set(
            study, f"headline.{name}", (figure.reference, figure.candidate), figure.set
        )
    for name, example in study.examples.items():
        yield from _one_set(
            study, f"examples.{name}", (example.reference, example.candidate), example.set
        )
    yield from _views(study)
    yield from _lists(study)


def _join(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _common_sets(study: Study, draws: Iterable[str]) -> set[str]:
    """Sets that all of these draws sample; draws that there are not are passed over."""
    sampled = [set(study.draws[name].sets) for name in draws if name in study.draws]
    return set.intersection(*sampled) if sampled else set()


def _comparisons(study: Study) -> Iterator[str]:
    for name, compared in study.analysis.comparisons.items():
        draws = (compared.reference, compared.candidate)
        if set(draws) <= set(study.draws) and not _common_sets(study, draws):
            sets = " and ".join(f"[{_join(study.draws[draw].sets)}]" for draw in draws)
            yield (
                f"analysis.comparisons.{name} = {{reference: {draws[0]}, candidate: {draws[1]}}}: "
                f"the draws have no set in common ({sets}); legal: draws that share a set"
            )


def _one_set(study: Study, key: str, draws: tuple[str, str], set_name: str) -> Iterator[str]:
    """Draws and the set of an entry that shows two draws on one set."""
    yield from unknown(f"{key}.reference", draws[0], study.draws, "draw")
    yield from unknown(f"{key}.candidate", draws[1], study.draws, "draw")
    yield from unknown(f"{key}.set", set_name, study.sets, "set")
    for name in dict.fromkeys(draws):
        if set_name in study.sets and name in study.draws:
            sampled = study.draws[name].sets
            if set_name not in sampled:
                yield (
                    f"{key}.set = {set_name!r}: draw {name!r} does not sample it; legal: "
                    f"{_join(sorted(_common_sets(study, draws)))}, or add it to draws.{name}.sets"
                )


def _sampled(study: Study) -> set[str]:
    return {set_name for draw in study.draws.values() for set_name in draw.sets}


def _views(study: Study) -> Iterator[str]:
    sampled = _sampled(study)
    for name, view in study.analysis.views.items():
        if view.set in study.sets and view.set not in sampled:
            yield (
                f"analysis.views.{name}.set = {view.set!r}: no draw samples it; legal: "
                f"{_join(sorted(sampled))}"
            )


def _lists(study: Study) -> Iterator[str]:
    """Sets to show of which nothing would be shown."""
    yield from _missing(study, "report.sets", study.report.sets, _sampled(study))
    for name, panel in study.report.panels.items():
        compared = [study.analysis.comparisons.get(entry) for entry in panel.comparisons]
        shared = [
            _common_sets(study, (entry.reference, entry.candidate))
            for entry in compared
            if entry is not None
        ]
        if shared and len(shared) == len(compared):
            key = f"report.panels.{name}.sets"
            yield from _missing(study, key, panel.sets, set().union(*shared))


def _missing(
    study: Study, key: str, names: Iterable[str], sampled: Collection[str]
) -> Iterator[str]:
    views = study.analysis.views
    for name in names:
        whole = views[name].set if name in views else name
        if whole in study.sets and whole not in sampled:
            legal = [*sorted(sampled), *(view for view in views if views[view].set in sampled)]
            yield f"{key} = {name!r}: none of the draws shown samples it; legal: {_join(legal)}"
