"""What a legal study still lacks before all of it can run: pins of models, files of benchmarks.

None of it is a fault of the parameters: the study can be composed, checked and planned without, and
what does not need it can run. The stage that needs it refuses.
"""

from collections.abc import Iterator
from pathlib import Path

from passk.config.schema import Study
from passk.data.sources import source


def list_unready(study: Study) -> Iterator[str]:
    """What is missing, one line for each model or file, with the remedy."""
    for name, fetched in study.fetch.items():
        if fetched.revision is None and not fetched.folder and not fetched.served:
            yield (
                f"fetch.{name}.revision: not pinned; run `passk pin`, or state the commit of "
                f"{fetched.source}"
            )
    for name, benchmark in study.benchmarks.items():
        if not Path(benchmark.path).exists():
            yield (
                f"benchmarks.{name}.path = {benchmark.path!r}: no such file yet; get it from "
                f"{source(benchmark.source).homepage}, or correct the path"
            )
