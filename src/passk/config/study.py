"""The whole parameter file: every section's schema, and what must agree between sections.

A test fails when this schema and a parameter file drift apart. No stage depends on this module:
each imports its own section's schema alone, so that a new key re-runs only its readers.
"""

import graphlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from passk.analysis.settings import Analysis
from passk.config import comparisons, images, questions, repetitions
from passk.config.examples import Examples
from passk.config.renamed import find_new_key, find_new_value, has_old_key
from passk.config.validation import Validation
from passk.core.legal import suggest, unknown
from passk.core.parameters import ParameterSection
from passk.core.yaml_files import ParameterError, read
from passk.data.benchmark_settings import Benchmark
from passk.data.demonstration_settings import Answers, Selection
from passk.data.filter_settings import SetEntry
from passk.data.import_settings import Imported
from passk.data.prompts import template as find_template
from passk.data.prompts import template_faults
from passk.domains.settings import Verification
from passk.domains.world_settings import WorldSet
from passk.models.fetch_settings import Fetch
from passk.models.naming import parse
from passk.report.settings import Headline, ReportSettings
from passk.sampling.engines.registry import ENGINES
from passk.sampling.settings import Draw, Sampling
from passk.training.finetuning_settings import FineTuning
from passk.training.pretraining_settings import Pretraining
from passk.training.settings import Training

# Names become file names, stage names and parameter keys: dots and signs would break one of them.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


class Study(ParameterSection):
    """All of `params.yaml`."""

    study: Name = Field(description="Name of the study: the folder under data/ and models/.")
    seed: int = Field(ge=0, description="Study seed: every random draw derives from it.")
    worlds: dict[Name, WorldSet] = Field(description="Generated problem sets.")
    benchmarks: dict[Name, Benchmark] = Field(description="Real problems, from published files.")
    imported: dict[Name, Imported] = Field(description="Samples that somebody else drew.")
    sets: dict[Name, SetEntry] = Field(description="Filtered sets: a source's problems that stay.")
    pretrain: dict[Name, Pretraining] = Field(description="Models trained from scratch.")
    fetch: dict[Name, Fetch] = Field(description="Models that somebody else made.")
    train: dict[Name, Training] = Field(description="Reinforcement-learning arms.")
    rejection_sampling: dict[Name, Selection] = Field(
        description="Samples to fine-tune on, by verdict."
    )
    reference_answers: dict[Name, Answers] = Field(description="Short answers to fine-tune on.")
    sft: dict[Name, FineTuning] = Field(description="Models fine-tuned on demonstrations.")
    sampling: Sampling
    draws: dict[Name, Draw] = Field(description="What is sampled: a model on sets, n times.")
    verification: Verification
    validation: Validation
    analysis: Analysis
    examples: dict[Name, Examples] = Field(description="Responses that the page shows whole.")
    headline: dict[Name, Headline] = Field(description="First figures, made early.")
    report: ReportSettings


def _models(study: Study) -> set[str]:
    """Every model that a draw may name."""
    checkpoints = {f"{arm}/step-{step}" for arm, t in study.train.items() for step in t.checkpoints}
    return {*study.pretrain, *study.fetch, *study.sft, *checkpoints, *study.imported}


def _problems(study: Study) -> Iterator[str]:
    """What disagrees between sections, one message per place."""
    yield from _sources(study)
    yield from _taken(study)
    yield from _chats(study)
    arms: dict[str, Training | FineTuning] = {**study.train, **study.sft}
    yield from images.faults(study.worlds, study.sets, study.pretrain, arms, study.draws)
    for name, entry in study.sets.items():
        sources = {*study.worlds, *study.benchmarks, *study.imported}
        yield from unknown(f"sets.{name}.problems", entry.problems, sources, "problem source")
    starts = _models(study) - set(study.imported)
    for name, arm in study.train.items():
        yield from unknown(f"train.{name}.start", arm.start, starts, "model")
        yield from unknown(f"train.{name}.set", arm.set, study.sets, "set")
        yield from template_faults(f"train.{name}.template", arm.template)
    yield from _fine_tuning(study, starts)
    for name, draw in study.draws.items():
        yield from unknown(f"draws.{name}.model", draw.model, _models(study), "model")
        for item in draw.sets:
            yield from unknown(f"draws.{name}.sets", item, study.sets, "set")
        if draw.template is not None:
            yield from template_faults(f"draws.{name}.template", draw.template)
        imported = parse(draw.model).arm in study.imported
        if imported != (ENGINES[draw.engine].collect is not None):
            yield (
                f"draws.{name}.engine = {draw.engine!r}: engine 'imported' goes with a model "
                "under `imported:`, and with no other"
            )
    yield from questions.faults(study.analysis.questions)
    for name, compared in study.analysis.comparisons.items():
        yield from unknown(
            f"analysis.comparisons.{name}.reference", compared.reference, study.draws, "draw"
        )
        yield from unknown(
            f"analysis.comparisons.{name}.candidate", compared.candidate, study.draws, "draw"
        )
    for name, figure in study.headline.items():
        yield from _two_draws(
            study, f"headline.{name}", figure.reference, figure.candidate, figure.set
        )
    for name, example in study.examples.items():
        key = f"examples.{name}"
        yield from _two_draws(study, key, example.reference, example.candidate, example.set)
    for shown in study.report.comparisons:
        yield from unknown("report.comparisons", shown, study.analysis.comparisons, "comparison")
    yield from comparisons.faults(study.analysis, study.report, study.draws, study.sets)
    seeds = {
        section: {name: model.train_seed for name, model in getattr(study, section).items()}
        for section in ("pretrain", "train", "sft")
    }
    models = {name: draw.model for name, draw in study.draws.items()}
    yield from repetitions.faults(seeds, models)
    yield from _beyond_n(study)
    yield from _circles(study)


def _two_draws(
    study: Study, key: str, reference: str, candidate: str, set_name: str
) -> Iterator[str]:
    """Draws and the set of an entry that shows two draws on one set."""
    yield from unknown(f"{key}.reference", reference, study.draws, "draw")
    yield from unknown(f"{key}.candidate", candidate, study.draws, "draw")
    yield from unknown(f"{key}.set", set_name, study.sets, "set")


def _sources(study: Study) -> Iterator[str]:
    """Sources of problems of one name: both would be written to one file."""
    kinds = {"worlds": "a generated world", "benchmarks": "a benchmark", "imported": ""}
    for other, section in itertools.combinations(kinds, 2):
        for name in sorted(set(getattr(study, section)) & set(getattr(study, other))):
            yield f"{section}.{name}: {kinds[other]} has that name already; choose another"


def _taken(study: Study) -> Iterator[str]:
    """Models of one name: both would be written to one folder."""
    taken = {*study.pretrain, *study.imported}
    for section in ("fetch", "train", "sft"):
        names = set(getattr(study, section))
        for name in sorted(names & taken):
            yield f"{section}.{name}: another model has that name already; choose another"
        taken |= names


def _chats(study: Study) -> Iterator[str]:
    """Templates of corpora; chats that a tokenizer which is trained here has no template for."""
    asked = [
        (f"pretrain.{name}.corpus.template", model.corpus.template, name)
        for name, model in study.pretrain.items()
    ]
    for at, template, _ in asked:
        yield from template_faults(at, template)
    asked += [
        (f"train.{name}.template", arm.template, arm.start) for name, arm in study.train.items()
    ]
    asked += [
        (f"draws.{name}.template", draw.template, draw.model)
        for name, draw in study.draws.items()
        if draw.template is not None
    ]
    for at, template, model in asked:
        chat = not any(template_faults(at, template)) and find_template(template).chat
        if chat and model in study.pretrain and not study.pretrain[model].tokenizer.chat:
            yield f"{at} = {template!r}: a chat; give pretrain.{model} tokenizer.chat: true"


def _fine_tuning(study: Study, starts: Iterable[str]) -> Iterator[str]:
    """What disagrees in the sections on fine-tuning."""
    for name, choice in study.rejection_sampling.items():
        yield from unknown(f"rejection_sampling.{name}.draw", choice.draw, study.draws, "draw")
    for name, short in study.reference_answers.items():
        yield from unknown(f"reference_answers.{name}.set", short.set, study.sets, "set")
        if name in study.rejection_sampling:
            yield (
                f"reference_answers.{name}: demonstrations under `rejection_sampling:` have that "
                "name; choose another"
            )
    for name, arm in study.sft.items():
        yield from unknown(f"sft.{name}.start", arm.start, starts, "model")
        known = {*study.rejection_sampling, *study.reference_answers}
        at = f"sft.{name}.demonstrations"
        yield from unknown(at, arm.demonstrations, known, "demonstrations")
        yield from template_faults(f"sft.{name}.template", arm.template)


def _circles(study: Study) -> Iterator[str]:
    """A model that is trained from itself, or on samples of itself, by way of others or not."""

    def arm(model: str) -> str:
        return model.partition("/")[0]

    needs = {name: {arm(one.start)} for name, one in study.train.items()}
    for name, tuned in study.sft.items():
        needs[name] = {arm(tuned.start)}
        choice = study.rejection_sampling.get(tuned.demonstrations)
        if choice is not None and choice.draw in study.draws:
            needs[name].add(arm(study.draws[choice.draw].model))
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        circle = list(reversed(error.args[1]))
        section = "sft" if circle[0] in study.sft else "train"
        yield (
            f"{section}.{circle[0]}: trained from itself ({' from '.join(circle)}); give one of "
            "them another start model or other demonstrations"
        )


def _beyond_n(study: Study) -> Iterator[str]:
    """Requests for a k past n: undefined, and never answered by extrapolation."""
    for name, compared in study.analysis.comparisons.items():
        k = study.analysis.gap_at(name)
        draw = study.draws.get(compared.reference)
        if draw is not None and draw.n is not None and k > draw.n:
            yield (
                f"analysis.efficiency_k = {k}: comparison {name!r} compares at pass@{k}, but draw "
                f"{compared.reference!r} has n = {draw.n}; legal: at most {draw.n}, or raise draws."
                f"{compared.reference}.n"
            )


def _describe(error: Mapping[str, Any]) -> str:
    """One line of a pydantic error: key, value, what is legal."""
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f"{key}: missing; {_description(error['loc']) or 'this key is required'}"
    if error["type"] == "extra_forbidden":
        if (new := find_new_key(error["loc"])) is not None:
            return f"{key}: this key is now called {new!r}"
        siblings = _siblings(error["loc"])
        return f"{key}: unknown key; {suggest(str(error['loc'][-1]), siblings)}"
    if error["type"] == "union_tag_invalid":
        tag, known = error["ctx"]["tag"], error["ctx"]["expected_tags"].replace("'", "").split(", ")
        by = error["ctx"]["discriminator"].strip("'")
        return f"{key}.{by} = {tag!r}: unknown; {suggest(tag, known)}"
    value = "" if isinstance(error["input"], dict | list) else f" = {error['input']!r}"
    if (new := find_new_value(error["loc"], error["input"])) is not None:
        return f"{key}{value}: this value is now called {new!r}"
    told = error["msg"].removeprefix("Value error, ")
    # What disagrees between keys needs no description of the whole section.
    described = "" if isinstance(error["input"], dict) else f". {_description(error['loc'])}"
    return f"{key}{value}: {told}{described}".rstrip()


def _is_renamed(error: Mapping[str, Any]) -> bool:
    """Whether a key is missing because it has its old name, which another error says."""
    return error["type"] == "missing" and has_old_key(error["loc"], error["input"])


def _walk(location: tuple[Any, ...]) -> dict[str, Any]:
    """The schema node at a location in the file."""
    schema = Study.model_json_schema()
    node: Any = schema
    for part in location:
        while "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
        named = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
        node = node.get("properties", {}).get(part) or next(filter(None, named), {})
        if node is True:
            node = {}
    while "$ref" in node:
        description = node.get("description")
        node = dict(schema["$defs"][node["$ref"].rsplit("/", 1)[-1]])
        if description:
            node["description"] = description
    return node


def _description(location: tuple[Any, ...]) -> str:
    return re.sub(r"\s+", " ", str(_walk(location).get("description", "")))


def _siblings(location: tuple[Any, ...]) -> list[str]:
    return list(_walk(location[:-1]).get("properties", {}))


def validate(values: Mapping[str, Any], name: str = "params.yaml") -> Study:
    """Check all parameters; ParameterError lists every fault by key, value and what is legal."""
    try:
        study = Study.model_validate(values)
    except ValidationError as error:
        faults = [_describe(dict(item)) for item in error.errors() if not _is_renamed(item)]
    else:
        faults = list(_problems(study))
        if not faults:
            return study
    raise ParameterError("\n  ".join([f"{name} has {len(faults)} fault(s):", *faults]))


def load_study(path: Path) -> Study:
    """Read and check a parameter file, and that the files it names are there."""
    study = validate(read(path), str(path))
    for key, named, found in _files(study):
        if not found:
            raise ParameterError(f"{path}: {key} = {named!r}: no such file")
    return study


def _files(study: Study) -> Iterator[tuple[str, str, bool]]:
    """Key, path and presence of each file that a study reads."""
    for name, benchmark in study.benchmarks.items():
        yield f"benchmarks.{name}.path", benchmark.path, Path(benchmark.path).exists()
        if (images := benchmark.images) is not None:
            yield f"benchmarks.{name}.images", images, Path(images).is_dir()
    for name, entry in study.imported.items():
        yield f"imported.{name}.path", entry.path, Path(entry.path).is_file()
        if (joined := entry.benchmark) is not None:
            yield f"imported.{name}.benchmark.path", joined.path, Path(joined.path).exists()
            if (images := joined.images) is not None:
                yield f"imported.{name}.benchmark.images", images, Path(images).is_dir()
