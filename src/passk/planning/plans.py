"""What a plan holds: plain numbers, each with where it is from."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class SetPlan:
    """A draw on one set.

    Attributes:
        name: of the set.
        problems: how many; None: nothing says so. problems_from: where the number is from.
        samples: to draw in all. held: of them there already.
        tokens: mean of a response. tokens_from: where the number is from.
        half_widths: k -> half of the interval of pass@k.
        variance_from: where the variance behind them is from.
    """

    name: str
    problems: int | None
    problems_from: str
    samples: int
    held: int
    tokens: float
    tokens_from: str
    half_widths: dict[int, float]
    variance_from: str

    @property
    def left(self) -> float:
        """Tokens still to draw."""
        return max(0, self.samples - self.held) * self.tokens


@dataclass(frozen=True)
class DrawPlan:
    """A draw.

    Attributes:
        sets: its parts.
        gpu_hours: to draw what is left; None: no GPU, or a model of unknown size, or too large.
        gpus: that hold one copy of the model.
        speed_from: where tokens a second are from.
        advice: another group of GPUs that takes far fewer hours; empty: there is none.
        judging_hours: of one processor core.
        disk: bytes of blocks and tables.
        recorded_hours: that the stage took when it last ran; None: it never did.
    """

    name: str
    model: str
    engine: str
    n: int | None
    sets: list[SetPlan]
    gpu_hours: float | None
    gpus: int
    speed_from: str
    advice: str
    judging_hours: float
    disk: float
    recorded_hours: float | None

    @property
    def samples(self) -> int:
        """Samples in all."""
        return sum(part.samples for part in self.sets)

    @property
    def tokens(self) -> float:
        """Tokens of all samples."""
        return sum(part.samples * part.tokens for part in self.sets)


@dataclass(frozen=True)
class ArmPlan:
    """An arm: rollouts, their tokens, GPU hours to draw and to train (None: as in DrawPlan)."""

    name: str
    steps: int
    rollouts: int
    tokens: float
    tokens_from: str
    sampling_hours: float | None
    training_hours: float | None
    disk: float
    recorded_hours: float | None


@dataclass(frozen=True)
class ComparisonPlan:
    """A comparison on one set: k -> the most that half of a difference's interval can be."""

    name: str
    set: str
    problems: int | None
    half_widths: dict[int, float]


@dataclass(frozen=True)
class StudyPlan:
    """All of a study; `models`: bytes on disk of each model that is fetched (None: unknown)."""

    study: str
    gpu: str
    level: float
    draws: list[DrawPlan]
    arms: list[ArmPlan]
    comparisons: list[ComparisonPlan]
    models: dict[str, float | None]
    totals: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
