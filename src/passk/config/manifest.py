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


@dataclass(frozen=True)
class DeclaredScore:
    """An entry of `scores:`.

    Attributes:
        draw: whose responses are scored.
        model: the model that scores.
        own: the first entry in which this model scores a draw of its own; None: there is none.
    """

    draw: str
    model: str
    own: str | None


def scores_content(params: Mapping[str, Any]) -> dict[str, Any]:
    """The content of the manifest's file `scores`: each entry, and its model's own responses.

    Example:
        >>> scores = {"a": {"model": "base", "draw": "rl"}, "b": {"model": "base", "draw": "base"}}
        >>> draws = {"rl": {"model": "rl/step-9"}, "base": {"model": "base"}}
        >>> scores_content({"scores": scores, "draws": draws})["a"]
        {'draw': 'rl', 'model': 'base', 'own': 'b'}
    """
    scores, draws = params.get("scores") or {}, params["draws"]
    own: dict[str, str] = {}
    for name, entry in scores.items():
        if draws[entry["draw"]].get("model") == entry["model"]:
            own.setdefault(entry["model"], name)
    return {
        name: asdict(DeclaredScore(entry["draw"], entry["model"], own.get(entry["model"])))
        for name, entry in scores.items()
    }


def read_scores(path: Path) -> dict[str, DeclaredScore]:
    """The entries of `scores:` by name; see `read_manifest` for errors."""
    return read_manifest(
        path, lambda content: {name: DeclaredScore(**entry) for name, entry in content.items()}
    )


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
