"""The manifest: what is declared, for the stages that read the tables of all draws, arms and sets.

Such a stage needs names and little more. Were whole sections of params.yaml its parameters, every
one of them would carry all draws and arms in dvc.lock (more than half of its lines), and a changed
learning rate would call all of them stale. So one stage (`manifest`) writes down what they need,
and they depend on what it wrote: it changes only where that changes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from passk.analysis.views import ViewMembers
from passk.core.files import FileError, read_json

T = TypeVar("T")


@dataclass(frozen=True)
class AnalysedViews:
    """What the views hold, and what the question `coverage` leaves out.

    Attributes:
        views: view -> its members.
        excluded: set -> ids of the problems that are left out.
    """

    views: Mapping[str, ViewMembers] = field(default_factory=dict)
    excluded: Mapping[str, Sequence[str]] = field(default_factory=dict)


def views_content(views: AnalysedViews) -> dict[str, Any]:
    """The content of the manifest's file `views`."""
    return asdict(views)


def read_names(path: Path) -> list[str]:
    """The names behind a folder that questions read; see `read_manifest` for errors."""
    return read_manifest(path, list)


def read_views(path: Path) -> AnalysedViews:
    """The views and what is left out; see `read_manifest` for errors."""

    def parse(content: Any) -> AnalysedViews:  # noqa: ANN401
        views = {name: ViewMembers(**members) for name, members in content["views"].items()}
        return AnalysedViews(views, dict(content["excluded"]))

    return read_manifest(path, parse)


def read_manifest(path: Path, parse: Callable[[Any], T]) -> T:
    """The content of a file of the manifest, as `parse` makes it of JSON.

    Raises:
        FileError: it is missing, not JSON, or of another form.
    """
    content = read_json(path, "run the stage manifest again")
    try:
        return parse(content)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise FileError(
            f"{path}: of another form ({error!r}); run the stage manifest again"
        ) from error
