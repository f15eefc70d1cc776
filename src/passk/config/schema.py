"""The schema of the whole parameter file: every section, each with its own schema.

What must agree between sections stands in `passk.config.checks`.
"""

from pydantic import Field

from passk.analysis.settings import Analysis
from passk.config.examples import Examples
from passk.config.validation import Validation
from passk.core.parameters import Name, ParameterSection, Seed
from passk.data.benchmark_settings import Benchmark
from passk.data.demonstration_settings import Answers, Selection
from passk.data.filter_settings import SetEntry
from passk.data.import_settings import Imported
from passk.domains.settings import Verification
from passk.domains.world_settings import WorldSet
from passk.models.fetch_settings import Fetch
from passk.report.settings import Headline, ReportSettings
from passk.sampling.expansion_settings import Expanded
from passk.sampling.scoring_settings import Score
from passk.sampling.settings import Draw, Sampling
from passk.training.finetuning_settings import FineTuning
from passk.training.pretraining_settings import Pretraining
from passk.training.settings import Training

# Keys below a section that dvc.yaml names: DVC reads the file alone, so they must stand in it,
# though the schema has defaults for them. All sections must, for the same reason.
STATED = (
    "analysis.questions", "analysis.views", "analysis.coverage_excludes", "analysis.k",
    "analysis.bootstrap",
)  # fmt: skip


class Study(ParameterSection):
    """All of `params.yaml`."""

    study: Name = Field(description="Name of the study: the folder under data/ and models/.")
    seed: Seed = Field(description="Study seed: every random draw derives from it.")
    worlds: dict[Name, WorldSet] = Field(description="Generated problem sets; may be empty.")
    benchmarks: dict[Name, Benchmark] = Field(
        description="Real problems, from published files; may be empty."
    )
    imported: dict[Name, Imported] = Field(
        description="Samples that somebody else drew; may be empty."
    )
    sets: dict[Name, SetEntry] = Field(description="Filtered sets: a source's problems that stay.")
    pretrain: dict[Name, Pretraining] = Field(
        description="Models trained from scratch; may be empty."
    )
    fetch: dict[Name, Fetch] = Field(description="Models that somebody else made; may be empty.")
    train: dict[Name, Training] = Field(description="Reinforcement-learning arms; may be empty.")
    rejection_sampling: dict[Name, Selection] = Field(
        description="Samples to fine-tune on, by verdict; may be empty."
    )
    reference_answers: dict[Name, Answers] = Field(
        description="Short answers to fine-tune on; may be empty."
    )
    sft: dict[Name, FineTuning] = Field(
        description="Models fine-tuned on demonstrations; may be empty."
    )
    sampling: Sampling = Field(description="How all draws are made.")
    draws: dict[Name, Draw] = Field(description="What is sampled: a model on sets, n times.")
    scores: dict[Name, Score] = Field(
        description="Responses of draws under other models; may be empty."
    )
    expansions: dict[Name, Expanded] = Field(
        description="Draws whose whole tree of responses is expanded, for exact chances; may be "
        "empty."
    )
    verification: Verification = Field(
        description="How answers are judged; changing it judges again, and never samples again."
    )
    validation: Validation = Field(description="What is still acceptable of samples and verdicts.")
    analysis: Analysis = Field(description="What is asked of the counts.")
    examples: dict[Name, Examples] = Field(
        description="Responses that the page shows whole; may be empty."
    )
    headline: dict[Name, Headline] = Field(description="First figures, made early; may be empty.")
    report: ReportSettings = Field(description="The page: what is shown, and how.")
