"""What tells problems of several models apart: the same set, and an id, or else the question."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from passk.core.rows import RecordedError
from passk.logs.side import ONE_SET, Key, Side, SideProblem, same_text, show

_NAMED = 3  # problems that a message names
_FEW = 3  # sets from which on a set of each problem's own is none


@dataclass(frozen=True)
class Paired:
    """Sides whose keys mean the same problem.

    Attributes:
        sides: of each model, by common keys.
        keys: of the problems of all, in the order of the first.
        by: what tells problems apart: `id`, or `question`.
        lost: of each model the problems that have no question, where it tells them apart.
    """

    sides: Mapping[str, Side]
    keys: list[Key]
    by: str
    lost: Mapping[str, list[Key]]


def pair(sides: Mapping[str, Side]) -> Paired:
    """Sides by what they have in common: ids, or questions where no id is.

    Raises:
        RecordedError: nothing is in common, or ids say something else than the questions.
    """
    given = {name for side in sides.values() for name in _sets(side)}
    sides = _as_one_set(_without_sets(sides))
    if shared := _shared(list(sides.values())):
        for first, second in combinations(sides, 2):
            _refuse_contradicting(sides[first], sides[second], shared, given)
        return Paired(sides, shared, "id", {name: [] for name in sides})
    asked = {name: _by_question(side) for name, side in sides.items()}
    if shared := _shared(list(asked.values())):
        lost = {
            name: [key for key, problem in side.items() if not problem.question]
            for name, side in sides.items()
        }
        return Paired(asked, shared, "question", lost)
    raise RecordedError(_describe_nothing(sides))


def _sets(side: Side) -> list[str]:
    return list(dict.fromkeys(key[0] for key in side))


def _shared(sides: Sequence[Side]) -> list[Key]:
    first, *others = sides
    return [key for key in first if all(key in other for other in others)]


def _renamed(side: Side, name: str) -> Side:
    return {(name, key[1]): problem for key, problem in side.items()}


def _without_sets(sides: Mapping[str, Side]) -> Mapping[str, Side]:
    """Sides of one set where each problem would be a set of its own: the column held no sets."""
    for side in sides.values():
        names = {key[1] for key in side}
        if not _FEW <= len(_sets(side)) == len(side) == len(names):
            return sides
    return {name: _renamed(side, ONE_SET) for name, side in sides.items()}


def _as_one_set(sides: Mapping[str, Side]) -> Mapping[str, Side]:
    """Sides of one set each are of one, whatever each calls it: `gsm8k`, `gsm8k_cot`, nothing."""
    sets = [_sets(side) for side in sides.values()]
    if any(len(names) != 1 for names in sets):
        return sides
    names = [name for (name,) in sets]
    one = next((name for name in names if name != ONE_SET), ONE_SET)
    return {name: _renamed(side, one) for name, side in sides.items()}


def _by_question(side: Side) -> Side:
    """Problems by what they ask; samples of one question that stood under several ids are merged.

    Raises:
        RecordedError: one question with right answers that differ.
    """
    asked: Side = {}
    for key, problem in side.items():
        if not problem.question:
            continue
        place = key[0], problem.question
        known = asked.get(place)
        asked[place] = problem if known is None else _merged(known, problem)
    return asked


def _merged(first: SideProblem, second: SideProblem) -> SideProblem:
    if first.references and second.references and first.references != second.references:
        raise RecordedError(
            f"{second.place}: the question {show(str(second.question))} has the right answer "
            f"{' or '.join(second.references)!r}, and {' or '.join(first.references)!r} in "
            f"{first.place}; name a column that tells these problems apart (--column "
            "problem_id=COLUMN), or mend one"
        )
    samples = [*first.samples, *second.samples]
    if len({sample.number for sample in samples}) < len(samples):
        samples = [sample._replace(number=number) for number, sample in enumerate(samples)]
    return SideProblem(first.place, first.question, first.references or second.references, samples)


def _refuse_contradicting(first: Side, second: Side, shared: Sequence[Key], sets: set[str]) -> None:
    """Raise RecordedError where one id is of two problems, as the questions say.

    A question that differs may be another template's. It is another problem's if each side has
    the other's question, too, under another id; or if the sides name sets that differ, and most
    questions do.
    """
    ours, theirs = _places(first), _places(second)
    both = [key for key in shared if first[key].question and second[key].question]
    differ = [key for key in both if not same_text(first[key].question, second[key].question)]
    for key in differ:
        one, other = first[key], second[key]
        if (elsewhere := theirs.get((key[0], str(one.question)))) and (
            (key[0], str(other.question)) in ours
        ):
            raise RecordedError(
                f"{other.place}: the id {show(key[1])} asks {show(str(other.question))} there, and "
                f"{show(str(one.question))} in {one.place}, which is {show(elsewhere[0])} "
                "there: ids are numbered anew on each side. Name the column that tells problems "
                "apart, which may be that of the question: --column problem_id=COLUMN"
            )
    if len(sets - {ONE_SET}) > 1 and len(_sets(first)) == 1 and len(differ) * 2 > len(both):
        one, other = first[differ[0]], second[differ[0]]
        raise RecordedError(
            f"{other.place}: the sets are {_listed(sets)}, and the id {show(differ[0][1])} asks "
            f"{show(str(other.question))}, but {show(str(one.question))} in {one.place}; give "
            "files of one benchmark, or name what tells problems apart: --column problem_id=COLUMN"
        )


def _places(side: Side) -> dict[Key, list[str]]:
    """Set and question -> ids."""
    places: defaultdict[Key, list[str]] = defaultdict(list)
    for key, problem in side.items():
        if problem.question:
            places[key[0], problem.question].append(key[1])
    return places


def _describe_nothing(sides: Mapping[str, Side]) -> str:
    firsts = "; ".join(f"{name}: {_named(list(side))}" for name, side in sides.items())
    message = (
        f"no problem is in common, neither by id nor by question. The first are {firsts}. "
        "Name the column of the problem's id, --column problem_id=COLUMN, or give files of one "
        "benchmark"
    )
    sets = {name: set(_sets(side)) for name, side in sides.items()}
    if len({frozenset(names) for names in sets.values()}) > 1:
        shown = "; ".join(f"{name}: {_listed(names)}" for name, names in sets.items())
        message += (
            f". The sets differ ({shown}): leave one by --where COLUMN=SET, or name the column of "
            "sets, --column set=COLUMN"
        )
    return message


def _listed(names: set[str]) -> str:
    shown = sorted(names)
    more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
    return ", ".join(map(show, shown[:_NAMED])) + more


def _named(keys: Sequence[Key]) -> str:
    return ", ".join(repr(problem)[:60] for _, problem in keys[:_NAMED]) or "none"
