"""What a legal study still lacks before all of it can run: pins of models, files of benchmarks.

None of it is a fault of the parameters: the study can be composed, checked and planned without, and
what does not need it can run. The stage that needs it refuses. `passk pin` resolves pins, and gets
the files whose origin is known.
"""

from collections.abc import Iterator
from pathlib import Path

from passk.config.schema import Study
from passk.data.benchmark_settings import Benchmark


def list_unready(study: Study) -> Iterator[str]:
    """What is missing, one line for each model or file, with the remedy."""
    for name, fetched in study.fetch.items():
        if fetched.revision is None and not fetched.folder and not fetched.served:
            yield (
                f"fetch.{name}.revision: not pinned; run `passk pin`, or state the commit of "
                f"{fetched.source}"
            )
    for name, benchmark in study.benchmarks.items():
        yield from _list_lacks(f"benchmarks.{name}", benchmark)


def _list_lacks(key: str, benchmark: Benchmark) -> Iterator[str]:
    """That a benchmark is not pinned, or that its file is not there."""
    if not benchmark.pinned:
        yield f"{key}: {benchmark.got_from}: not pinned; run `passk pin`"
    elif not Path(benchmark.path).exists():
        remedy = (
            f"get it from {benchmark.described.homepage}, or correct the path"
            if benchmark.got_from is None
            else f"run `passk pin`, which gets it from {benchmark.got_from}"
        )
        yield f"{key}.path = {benchmark.path!r}: no such file yet; {remedy}"
