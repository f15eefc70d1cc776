"""What follows from a study's arms where it is not stated: checkpoints, draws' models, comparisons.

- An arm keeps its last step alone, unless it states `checkpoints`.
- A set's problems are those of its own name. An arm without a step is its last checkpoint.
- A draw samples the model that it is named for (`grpo`, `grpo-30`); else that of the draw it is
  like.
- A comparison's candidate is the draw of its own name; its reference is the draw of the
  candidate's start model that is drawn in the same way.
- `group: NAME` puts a comparison into a group; `label:` and `colour:` go to the report.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from passk.config.composition_entries import LABEL_OF, ComposedSection
from passk.core.legal import suggest
from passk.core.yaml_files import ParameterError
from passk.training.settings import Training

Entries = dict[str, dict[str, Any]]
_MODELS = ("pretrain", "fetch", "sft", "imported")  # sections whose names are models


def follow_sets(sections: Mapping[str, ComposedSection]) -> None:
    """Problems of sets that do not state theirs."""
    for name, entry in sections["sets"].entries.items():
        entry.setdefault("problems", name)


def follow_arms(sections: Mapping[str, ComposedSection]) -> None:
    """Checkpoints of arms that do not state theirs, and checkpoints that arms start from."""
    train = sections["train"].entries
    for arm in train.values():
        steps = arm.get("steps", Training.model_fields["steps"].default)
        if "checkpoints" not in arm and isinstance(steps, int):
            arm["checkpoints"] = [steps]
    for arm in (*train.values(), *sections["sft"].entries.values()):
        if "start" in arm:
            arm["start"] = last_checkpoint(train, arm["start"])


def last_checkpoint(train: Entries, model: Any) -> Any:  # noqa: ANN401
    """A model's full name: of an arm without a step, its last checkpoint."""
    steps = list_checkpoints(train.get(model, {})) if isinstance(model, str) else []
    return f"{model}/step-{max(steps)}" if steps else model


def list_checkpoints(arm: Mapping[str, Any]) -> list[int]:
    """An arm's checkpoints; none where they are not whole numbers, which the schema refuses."""
    steps = arm.get("checkpoints")
    legal = isinstance(steps, list) and all(type(step) is int for step in steps)
    return list(steps) if steps and legal else []


def follow_draws(sections: Mapping[str, ComposedSection]) -> None:
    """Models of draws that do not state theirs.

    Raises:
        ParameterError: a draw's name is no model's, and it says no other.
    """
    train, draws = sections["train"].entries, sections["draws"].entries
    for name in draws:
        draws[name]["model"] = last_checkpoint(train, _model(sections, name))


def follow_scores(sections: Mapping[str, ComposedSection]) -> None:
    """Models of scores that name an arm without a step."""
    train = sections["train"].entries
    for entry in sections["scores"].entries.values():
        if "model" in entry:
            entry["model"] = last_checkpoint(train, entry["model"])


def follow_expansions(sections: Mapping[str, ComposedSection]) -> None:
    """Models of expansions: those of the draws that they are named for."""
    draws = sections["draws"].entries
    for name, entry in sections["expansions"].entries.items():
        if name in draws and "model" not in entry:
            entry["model"] = draws[name]["model"]


def _model(sections: Mapping[str, ComposedSection], draw: str) -> Any:  # noqa: ANN401
    draws, like = sections["draws"].entries, sections["draws"].like
    if (stated := draws[draw].get("model")) is not None:
        return stated
    if (named := _named_for(sections, draw)) is not None:
        return named
    if draw in like:
        return _model(sections, like[draw])
    models = [*sections["train"].entries, *(n for s in _MODELS for n in sections[s].entries)]
    raise ParameterError(
        f"draws.{draw}.model: missing, and no model has the draw's name; {suggest(draw, models)}"
    )


def _named_for(sections: Mapping[str, ComposedSection], draw: str) -> str | None:
    """The model that a draw is named for: MODEL, ARM, or ARM-STEP of a checkpoint."""
    train = sections["train"].entries
    if draw in train or any(draw in sections[section].entries for section in _MODELS):
        return draw
    arm, _, step = draw.rpartition("-")
    if step.isdecimal() and int(step) in list_checkpoints(train.get(arm, {})):
        return f"{arm}/step-{step}"
    return None


def follow_comparisons(
    sections: Mapping[str, ComposedSection], comparisons: ComposedSection
) -> None:
    """Candidates and references of comparisons that do not state theirs.

    Raises:
        ParameterError: no draw, or none drawn in the same way, stands for one of them.
    """
    draws = sections["draws"].entries
    for name, entry in comparisons.entries.items():
        location = f"analysis.comparisons.{name}"
        candidate = entry.setdefault("candidate", name)
        if not isinstance(candidate, str) or candidate not in draws:
            raise ParameterError(
                f"{location}.candidate = {candidate!r}: no such draw; "
                f"{suggest(str(candidate), draws)}"
            )
        if "reference" not in entry:
            entry["reference"] = _reference(location, sections, candidate)


def _reference(location: str, sections: Mapping[str, ComposedSection], candidate: str) -> str:
    """The draw of a draw's start model that is drawn in the same way."""
    draws = sections["draws"].entries
    arm = str(draws[candidate]["model"]).partition("/")[0]
    arms = sections["train"].entries | sections["sft"].entries
    start = arms.get(arm, {}).get("start")
    same = [
        name
        for name, draw in draws.items()
        if start is not None and draw["model"] == start and _way(draw) == _way(draws[candidate])
    ]
    if same:
        return same[0]
    why = "is not trained from another" if start is None else f"starts from {start!r}, which no "
    why += "" if start is None else "draw samples in the same way"
    raise ParameterError(
        f"{location}.reference: missing; the candidate's model {arm!r} {why}; name a draw: "
        f"{', '.join(name for name in draws if name != candidate)}"
    )


def _way(draw: Mapping[str, Any]) -> dict[str, Any]:
    """How a draw is made: all but whose it is, and how much of it there is."""
    return {k: v for k, v in draw.items() if k not in ("model", "n", "keep_token_logprobs")}


def list_groups(comparisons: ComposedSection) -> dict[str, list[str]]:
    """Groups that comparisons say they are in."""
    groups: dict[str, list[str]] = {}
    for name, notes in comparisons.notes.items():
        if "group" in notes:
            groups.setdefault(str(notes["group"]), []).append(name)
    return groups


def list_notes(sections: Mapping[str, ComposedSection], note: str) -> dict[str, Any]:
    """Labels or colours that entries state, by name.

    Raises:
        ParameterError: two entries of one name state different ones.
    """
    values: dict[str, Any] = {}
    for location, section in sections.items():
        for name, notes in section.notes.items():
            if note in notes and values.setdefault(name, notes[note]) != notes[note]:
                raise ParameterError(
                    f"{location}.{name}.{note} = {notes[note]!r}: {name!r} has the {note} "
                    f"{values[name]!r} in another section; the page has one, so state it once"
                )
    return values


def complete_labels(labels: Mapping[str, Any]) -> dict[str, Any]:
    """Labels in which `{NAME.label}` is replaced by that label; a name without one stands as is."""

    def text(label: str, depth: int) -> str:
        def other(match: re.Match[str]) -> str:
            return text(str(labels.get(match[1], match[1])), depth - 1) if depth else match[1]

        return re.sub(f"{LABEL_OF}(.*?){LABEL_OF}", other, label)

    return {k: text(v, 8) if isinstance(v, str) else v for k, v in labels.items()}


def group_members(groups: Mapping[str, Any], members: Mapping[str, list[str]]) -> Iterator[str]:
    """Faults of groups that are stated and follow, too."""
    for name in groups.keys() & members.keys():
        yield f"analysis.groups.{name}: stated, and comparisons say `group: {name}`; keep one"
