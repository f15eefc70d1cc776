"""A draw's samples as a data set for others: a Hugging Face card, and Croissant 1.1.

Both describe one Parquet file with a row per sample. Nothing is uploaded: the folder is laid out so
that it can be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Column -> Croissant's type, and what it holds.
FIELDS: Mapping[str, tuple[str, str]] = {
    "problem_id": ("sc:Text", "What tells problems apart: a digest of what is asked."),
    "problem": ("sc:Text", "The question."),
    "gold": ("sc:Text", "The reference answer."),
    "sample_index": ("sc:Integer", "Which of the problem's samples: 0, 1, ..."),
    "response": ("sc:Text", "What the model wrote; null where there is none."),
    "verdict": ("sc:Text", "correct, wrong, or unknown."),
    "recorded_grade": ("sc:Boolean", "Whether it is correct; null where that is unknown."),
    "finish_reason": ("sc:Text", "How it ended: stop, length, or unknown."),
    "n_tokens": ("sc:Integer", "Its tokens; null where nobody counted."),
    "seed": ("sc:Integer", "The random stream that drew it; null where it is not known."),
    "sum_logprob": ("sc:Float", "Its log-probability in nats at temperature 1; null if not known."),
}
_SAMPLING = ("model", "template", "temperature", "top_p", "max_new_tokens", "engine")


@dataclass(frozen=True)
class ExportedDataset:
    """What a card says of a data set.

    Attributes:
        name: of the draw and its set.
        study: that drew it.
        problems, samples: how many.
        sampling: how it was drawn, as the parameters state it.
        grader: that gave the verdicts.
        file: the Parquet file, relative to the folder, and its SHA-256.
    """

    name: str
    study: str
    problems: int
    samples: int
    sampling: Mapping[str, Any]
    grader: str
    file: str
    sha256: str


def card(dataset: ExportedDataset) -> str:
    """README.md of a data set, as Hugging Face's hub reads it."""
    sampling = "\n".join(
        f"| {name} | {dataset.sampling[name]} |"
        for name in _SAMPLING
        if dataset.sampling.get(name) is not None
    )
    columns = "\n".join(f"| `{name}` | {text} |" for name, (_, text) in FIELDS.items())
    return f"""---
pretty_name: {dataset.name}
task_categories: [text-generation]
tags: [pass-at-k, reasoning, verifiable-rewards]
size_categories: ["{_size(dataset.samples)}"]
configs:
- config_name: default
  data_files:
  - split: test
    path: {dataset.file}
---

# {dataset.name}

{dataset.samples} responses to {dataset.problems} problems, each with a verdict of {dataset.grader}.
Made by passk, study `{dataset.study}`; `passk import {dataset.file}` reads them.

| sampling | |
|---|---|
{sampling}

| column | |
|---|---|
{columns}
"""


def _size(samples: int) -> str:
    """Hugging Face's category of a number of rows.

    Example:
        >>> _size(800), _size(64_000)
        ('n<1K', '10K<n<100K')
    """
    bounds = [(10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M")]
    return next((name for bound, name in bounds if samples < bound), "1M<n<10M")


def croissant(dataset: ExportedDataset) -> dict[str, Any]:
    """Croissant 1.1 (mlcommons.org/croissant/1.1) of a data set, as JSON-LD."""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": dataset.name,
        "description": f"{dataset.samples} responses to {dataset.problems} problems with verdicts "
        f"of {dataset.grader}, made by passk.",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": "samples",
                "name": "samples",
                "contentUrl": dataset.file,
                "encodingFormat": "application/x-parquet",
                "sha256": dataset.sha256,
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "responses",
                "name": "responses",
                "description": "A row for each sample.",
                "field": [_field(name, *described) for name, described in FIELDS.items()],
            }
        ],
    }


def _field(name: str, kind: str, description: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"responses/{name}",
        "name": name,
        "description": description,
        "dataType": kind,
        "source": {"fileObject": {"@id": "samples"}, "extract": {"column": name}},
    }


_CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
