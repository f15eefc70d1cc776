"""Parameters of `report` and `headline@NAME`: what is shown, and how it styles."""

from typing import Annotated

from pydantic import Field, StringConstraints

from passk.core.parameters import DistinctNames, ParameterSection, Text
from passk.report.experiment_settings import ExperimentSettings

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")]
Inches = Annotated[float, Field(ge=2, le=12)]
# What a page shows that does not say. A new section or claim, also of this package, is not added
# here: a study names it, so that no page that is made already changes by it.
STANDARD_SECTIONS = (
    "pass_at_k", "difference", "histogram", "coverage", "greedy", "math", "code", "visual",
    "algorithms", "efficiency", "steps", "families", "distillation", "ablations", "decoding",
    "objectives", "seeds", "measures", "exact", "valid_chains", "perplexity", "training", "cost",
    "failures", "examples", "bounds", "setup", "validation",
)  # fmt: skip
STANDARD_CLAIMS = ("crossover", "subset", "algorithms", "longer", "ablations", "distillation")
STANDARD_PUBLISHED = ("yue2025",)  # arXiv 2504.13837


class PanelSettings(ParameterSection):
    """One section that compares models."""

    comparisons: DistinctNames = Field(
        min_length=1,
        description="Names of `analysis.comparisons`, in order; their draws are shown.",
    )
    sets: DistinctNames = Field(
        default_factory=list,
        description="Sets or views to show, in order; empty shows those of `report.sets`, or all "
        "that the comparisons share where they have none of these.",
    )


class PrimaryCell(ParameterSection):
    """The cell on which a claim is judged; its other cells are secondary."""

    subject: str = Field(description="Comparison of the role, or group of comparisons.")
    set: str = Field(description="Set or view.")


class Headline(ParameterSection):
    """One early figure: two draws on one set."""

    reference: str = Field(description="Draw of the start model.")
    candidate: str = Field(description="Draw of the trained model.")
    set: str = Field(description="Set that both draws sample.")


class ReportSettings(ParameterSection):
    """The section `report`."""

    title: Text = Field(default="pass@k at large k", description="Title of the page.")
    subtitle: str = Field(default="", description="Line under the title; may be empty.")
    caveat: str = Field(
        default="", description="What limits the finding, printed under it; may be empty."
    )
    comparisons: DistinctNames = Field(
        default_factory=list,
        description="Names of `analysis.comparisons` to show, in order, the finding's first; "
        "empty shows all.",
    )
    panels: dict[str, PanelSettings] = Field(
        default_factory=dict,
        description="Sections that compare, SECTION: {comparisons, sets}: algorithms | steps "
        "| families | distillation | ablations | objectives, and math | code | visual for all "
        "that a page shows of one domain; others as their packages say. One left out is empty.",
    )
    claims: dict[str, Annotated[DistinctNames, Field(min_length=1)]] = Field(
        default_factory=dict,
        description="Comparisons on which claims are judged. rl: RL against its start model "
        "(claims 1 and 2; `report.comparisons` where left out). longer: last against first "
        "checkpoint. rollouts: many against few. kl: with KL penalty against without. "
        "distilled: against the base. algorithms: groups of `analysis.groups`, not comparisons.",
    )
    # Left out of what a stage is told where it is empty: pages made before it stay up to date.
    primary: dict[str, PrimaryCell] = Field(
        default_factory=dict,
        exclude_if=lambda primary: not primary,
        description="The cell that decides the claims of a role, ROLE: {subject, set}, roles as in "
        "`claims`; a role left out has its first subject on the first set of the page that it is "
        "judged on. The other cells of a claim are secondary, and share Holm's correction.",
    )
    counterparts: dict[str, dict[str, Text]] = Field(
        default_factory=dict,
        description="What stands for it in the tables of `published`, so that the number there is "
        "shown beside: algorithms, steps, code, visual: {DRAW: model there}; "
        "sets: {SET: set there}; may be empty.",
    )
    sets: DistinctNames = Field(
        default_factory=list,
        description="Sets or views to show, in order, the finding's first; empty shows all that "
        "draws name.",
    )
    labels: dict[str, Text] = Field(
        default_factory=dict,
        description="What a draw, arm, model, comparison or set is called on the page; "
        "a name without a label stands as it is.",
    )
    colours: dict[str, Colour] = Field(
        default_factory=dict,
        description="Colour of a draw or arm as #rrggbb; others take the palette's, in order.",
    )
    palette: list[Colour] = Field(
        default=[
            "#0072B2",
            "#D55E00",
            "#009E73",
            "#CC79A7",
            "#E69F00",
            "#56B4E9",
            "#6A3D9A",
            "#7A7A7A",
        ],
        min_length=1,
        description="Colours of draws that `colours` does not name, told apart by colour-blind "
        "readers too (Okabe and Ito's).",
    )
    panel_width: Inches = Field(default=4.2, description="Width of one panel in inches; 2 to 12.")
    panel_height: Inches = Field(default=3.1, description="Height of one panel in inches; 2 to 12.")
    paper: bool = Field(
        default=True, description="Name the paper's figure and its numbers beside ours."
    )
    sections: DistinctNames = Field(
        default=list(STANDARD_SECTIONS),
        description="Sections of the page, in order: names of report/sections/registry.py and of "
        "installed packages. A section without data is left out.",
    )
    judged_claims: DistinctNames = Field(
        default=list(STANDARD_CLAIMS),
        description="Claims that are judged, in order: names of report/claims/registry.py and of "
        "installed packages, each on its subjects under `claims`.",
    )
    # Left out of what a stage is told where it is empty: pages made before it stay up to date.
    experiments: dict[str, ExperimentSettings] = Field(
        default_factory=dict,
        exclude_if=lambda experiments: not experiments,
        description="What shows each figure and table of the paper, or why it is not run, "
        "EXPERIMENT: {sections, comparisons, draws, not_run}; names of "
        "report/experiments.yaml. The section `experiments` lists them; may be empty.",
    )
    published: DistinctNames = Field(
        default=list(STANDARD_PUBLISHED),
        description="Tables of published numbers that `counterparts` may name: names of "
        "report/published.py and of installed packages, or CSV files by path; of two rows for one "
        "model and set the first counts.",
    )
