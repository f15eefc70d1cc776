"""Samples that name problems of a benchmark, beside these problems."""

from collections.abc import Mapping, Sequence

from passk.core.rows import RecordedError
from passk.data.responses import Holds, as_response
from passk.domains.benchmark_problem import BenchmarkProblem
from passk.logs.sample import LogSample
from passk.logs.side import Side

Answered = dict[str, list[LogSample]]  # name of a problem -> samples, texts as whole responses


def join_benchmark(
    side: Side,
    problems: Sequence[BenchmarkProblem],
    holds: Holds | None = None,
    *,
    partial: bool = False,
    others: bool = False,
) -> Answered:
    """Samples by the problem that they answer.

    Args:
        side: of one model.
        problems: of the benchmark.
        holds: what texts are; None: what the format says.
        partial: whether problems may be without a sample.
        others: whether samples may name problems that the benchmark does not have.

    Raises:
        RecordedError: an unknown problem, or problems without a sample.
    """
    known = {problem.name: problem for problem in problems}
    answered: Answered = {}
    for (_, name), sampled in side.items():
        if name not in known and not others:
            raise RecordedError(
                f"{sampled.place}: the problem is {name!r}, and no problem of the benchmark has "
                f"that name (its first is {problems[0].name!r}); is it another benchmark's? "
                "`others: true` leaves such rows out"
            )
        if name in known:
            prefix = known[name].prefix
            answered[name] = [_whole(sample, holds, prefix) for sample in sampled.samples]
    place = next(iter(side.values())).place.split(",")[0]
    if not answered:
        raise RecordedError(
            f"{place}: no row answers a problem of the benchmark; is it another benchmark's?"
        )
    lacking = [name for name in known if name not in answered]
    if lacking and not partial:
        raise RecordedError(
            f"{place}: {len(lacking)} problems of the benchmark have no sample, first "
            f"{lacking[0]!r}; add them, or leave these problems out by `partial: true`"
        )
    return answered


def _whole(sample: LogSample, holds: Holds | None, prefix: str) -> LogSample:
    if sample.text is None:
        return sample
    return sample._replace(text=as_response(sample.text, holds or sample.holds, prefix))


def in_common(
    answered: Mapping[str, Answered], problems: Sequence[BenchmarkProblem], min_n: int
) -> list[tuple[int, BenchmarkProblem]]:
    """Position and problem of those that every model answered at least so often.

    Raises:
        RecordedError: there is none.
    """
    kept = [
        (position, problem)
        for position, problem in enumerate(problems)
        if all(len(samples.get(problem.name, ())) >= min_n for samples in answered.values())
    ]
    if not kept:
        raise RecordedError(f"min_n = {min_n}: no problem has so many samples of every model")
    return kept
