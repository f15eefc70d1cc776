"""Which registered things an item of a stage group uses, from its resolved parameters.

A stage's code ends where a registry begins: what is registered there is a component of its own,
and only those that an item uses are in its identity. So a new algorithm, template or section makes
nothing stale, and a changed one makes stale what uses it.

A test holds this table to the imports: each registry that a group's code reaches is answered here,
if only by `NOTHING`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from passk.data.benchmark_settings import describe
from passk.data.sources import source
from passk.domains.completions import COMPLETIONS
from passk.domains.suites import SUITES
from passk.domains.worlds import WORLDS
from passk.logs.format import FORMATS
from passk.report.domains import EXAMPLE_RENDERERS


@dataclass(frozen=True, order=True)
class Used:
    """A registered thing that an item uses.

    Attributes:
        kind: of its registry, or `template`, `chat_template`, `source`, `file`, `published`,
            `judge`. A judge is a domain with all that it imports to judge; `domain` is what is
            known of it without judging.
        name: in the registry; for a template or source also a path.
    """

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"


Parameters = Mapping[str, Any]  # resolved: all of `params.yaml` with every default filled in
Uses = Callable[[Parameters, str], Iterable[Used]]


def _each(kind: str, names: Iterable[str | None]) -> Iterator[Used]:
    yield from (Used(kind, name) for name in dict.fromkeys(names) if name is not None)


def domain_of_set(parameters: Parameters, name: str) -> str:
    """The domain of a set's problems."""
    problems = parameters["sets"][name]["problems"]
    if problems in parameters["worlds"]:
        return WORLDS[parameters["worlds"][problems]["world"]].domain
    if problems in parameters["benchmarks"]:
        return describe(parameters["benchmarks"][problems]).domain
    imported = parameters["imported"][problems]
    benchmark = imported["benchmark"]
    return str(imported["domain"]) if benchmark is None else describe(benchmark).domain


def _domains(parameters: Parameters, sets: Iterable[str]) -> list[str]:
    return sorted({domain_of_set(parameters, name) for name in sets})


def _worlds(parameters: Parameters, sets: Iterable[str]) -> list[str]:
    """The worlds that made the problems of sets."""
    problems = [parameters["sets"][name]["problems"] for name in sets]
    worlds = parameters["worlds"]
    return sorted({worlds[name]["world"] for name in problems if name in worlds})


def _problems(parameters: Parameters, item: str) -> Iterator[Used]:
    yield Used("world", parameters["worlds"][item]["world"])


def _of_source(entry: Mapping[str, Any]) -> Iterator[Used]:
    """What reads a benchmark, or each part of a joined one."""
    description = describe(entry)
    yield from _each("source", [entry["source"], *description.parts.values()])
    readers = [source(name).reader for name in description.parts.values()]
    yield from _each("reader", readers or [description.reader])
    yield Used("domain", description.domain)
    if description.domain in COMPLETIONS:
        yield Used("completion", description.domain)


def _benchmark(parameters: Parameters, item: str) -> Iterator[Used]:
    yield from _of_source(parameters["benchmarks"][item])


def _import(parameters: Parameters, item: str) -> Iterator[Used]:
    imported = parameters["imported"][item]
    formats = {model["format"] for model in [imported, *imported["models"].values()]}
    # what no format is stated for is recognised among all of them
    yield from _each("format", FORMATS if None in formats else sorted(formats))
    if imported["benchmark"] is None:
        yield Used("domain", imported["domain"])
    else:
        yield from _of_source(imported["benchmark"])


def _filter(parameters: Parameters, item: str) -> Iterator[Used]:
    yield from _filters(parameters["sets"][item]["filters"])


def _filters(filters: Iterable[Mapping[str, Any]]) -> Iterator[Used]:
    """Filters, and the files of a study's own that they name."""
    yield from _each("filter", (chosen["kind"] for chosen in filters))
    yield from _each("file", (chosen.get("file") for chosen in filters))


def _pretrain(parameters: Parameters, item: str) -> Iterator[Used]:
    corpus = parameters["pretrain"][item]["corpus"]
    yield Used("world", corpus["world"])
    yield Used("template", corpus["template"])


def _train(parameters: Parameters, item: str) -> Iterator[Used]:
    arm = parameters["train"][item]
    yield Used("algorithm", arm["algorithm"]["name"])
    yield Used("reward", arm["reward"])
    yield Used("curriculum", arm["curriculum"])
    yield Used("engine", arm["engine"])
    yield Used("template", arm["template"])
    yield Used("judge", domain_of_set(parameters, arm["set"]))


def _sft(parameters: Parameters, item: str) -> Iterator[Used]:
    yield Used("template", parameters["sft"][item]["template"])


def _sample(parameters: Parameters, item: str) -> Iterator[Used]:
    draw = parameters["draws"][item]
    yield Used("engine", draw["engine"])
    yield from _each("template", [draw["template"]])
    yield from _each("chat_template", [draw.get("template_options", {}).get("chat_template")])


def _score(parameters: Parameters, item: str) -> Iterator[Used]:
    entry = parameters["scores"][item]
    yield Used("engine", entry["engine"])
    drawn = parameters["draws"][entry["draw"]]["template"]
    yield from _each("template", [entry["template"] or drawn])


def _expand(parameters: Parameters, item: str) -> Iterator[Used]:
    yield from _each("template", [parameters["draws"][item]["template"]])
    sets = parameters["expansions"][item]["sets"]
    yield from _each("judge", _domains(parameters, sets))
    yield from _each("world", _worlds(parameters, sets))


def _verify(parameters: Parameters, item: str) -> Iterator[Used]:
    sets = parameters["draws"][item]["sets"]
    yield from _each("judge", _domains(parameters, sets))
    yield from _each("world", _worlds(parameters, sets))  # it says which chains are valid


def _agreement(parameters: Parameters, item: str) -> Iterator[Used]:
    yield Used("domain", parameters["imported"][item]["domain"])


def _manifest(parameters: Parameters, item: str) -> Iterator[Used]:
    del item
    analysis = parameters["analysis"]
    filters = [chosen for view in analysis["views"].values() for chosen in view["filters"]]
    excluding = [{"kind": "tagged"}] if analysis["coverage_excludes"] else []
    yield from _filters([*filters, *excluding])


def _validate(parameters: Parameters, item: str) -> Iterator[Used]:
    if item == "problems":
        domains = _domains(parameters, parameters["sets"])
        yield from _each("domain", domains)
        yield from _each("suite", (name for name in domains if name in SUITES))


def _analyze(parameters: Parameters, item: str) -> Iterator[Used]:
    del parameters
    yield Used("question", item)


def _report(parameters: Parameters, item: str) -> Iterator[Used]:
    del item
    report = parameters["report"]
    yield from _each(
        "algorithm", (arm["algorithm"]["name"] for arm in parameters["train"].values())
    )
    yield from _each("section", report["sections"])
    if "parity" in report["sections"]:  # it shows where prompts come from
        draws = parameters["draws"].values()
        yield from _each("template", (draw["template"] for draw in draws))
    yield from _each("claim", report["judged_claims"])
    yield from _each("question", parameters["analysis"]["questions"])
    yield from _each("published", report["published"])
    # an entry that is not called like a domain may have images
    renderers = (name if name in EXAMPLE_RENDERERS else "visual" for name in parameters["examples"])
    yield from _each("example renderer", renderers)


def _nothing(parameters: Parameters, item: str) -> Iterable[Used]:
    del parameters, item
    return ()


USES: Mapping[str, Uses] = {
    "problems": _problems,
    "benchmark": _benchmark,
    "import": _import,
    "filter": _filter,
    "pretrain": _pretrain,
    "fetch": _nothing,
    "train": _train,
    "rejection_sampling": _nothing,
    "reference_answers": _nothing,
    "sft": _sft,
    "sample": _sample,
    "verify": _verify,
    "count": _nothing,
    "score": _score,
    "expand": _expand,
    "agreement": _agreement,
    "manifest": _manifest,
    "validate": _validate,
    "analyze": _analyze,
    "examples": _nothing,
    "headline": _nothing,
    "report": _report,
}
