"""What must agree between the sections of a parameter file, a module per topic.

Every check looks at parameters alone and yields one line per fault: key, value, what is legal, what
to do. Checks that read the files which a study names stand in `files`; `load_study` makes them.
"""

from collections.abc import Iterator

from passk.config.checks import (
    comparisons,
    expansions,
    figures,
    filters,
    images,
    lengths,
    names,
    parity,
    questions,
    repetitions,
    sampling,
    scores,
    training,
)
from passk.config.schema import Study


def find_faults(study: Study) -> Iterator[str]:
    """What disagrees between sections, one line per place."""
    yield from names.find_faults(study)
    yield from images.find_faults(
        study.worlds, study.sets, study.pretrain, {**study.train, **study.sft}, study.draws
    )
    yield from filters.find_faults(study)
    yield from training.find_faults(study)
    yield from lengths.find_faults(study)
    yield from sampling.find_faults(study)
    yield from scores.find_faults(study)
    yield from expansions.find_faults(study)
    yield from questions.find_faults(study.analysis.questions)
    yield from questions.find_unknown_operations(study.analysis.withheld)
    yield from questions.find_unanswerable(study)
    yield from comparisons.find_faults(study.analysis, study.report, study.draws, study.sets)
    yield from parity.find_faults(study)
    yield from figures.find_faults(study)
    yield from repetitions.find_faults(
        {
            section: {name: model.train_seed for name, model in getattr(study, section).items()}
            for section in ("pretrain", "train", "sft")
        },
        {name: draw.model for name, draw in study.draws.items()},
    )
