# The same DAG as `dvc repro`, in parallel: every rule and every edge is read from dvc.yaml.
# A job is one DVC stage; DVC's lock and cache stay the only truth about what is up to date.
import re
import sys
from pathlib import Path

from passk.pipeline import dag as dvc_dag
from passk.pipeline.stamps import stamp, synchronize
from passk.core.yaml_files import ParameterError
from passk.pipeline.identity.current import read_identity, write_components

ROOT = Path(workflow.basedir)
try:  # a worker reads this file again, while stages run, and must change nothing
    identity = write_components(ROOT) if workflow.is_main_process else read_identity(ROOT)
    STUDY = identity.parameters["study"]
except (ParameterError, SyntaxError) as error:
    sys.exit(f"passk: {error}")  # a message, not Snakemake's stack
STAGES = dvc_dag.cached(ROOT)

if workflow.is_main_process:
    synchronize(STAGES, dvc_dag.stale(ROOT), STUDY, ROOT)


def stamps(stages):
    """Stamps of the given stages, as Snakemake wants them."""
    return [str(stamp(stage, STUDY)) for stage in stages]


def parents(group):
    """Input function of a group: the stamps of the stages that an item's stage reads from."""
    members = {stage.item or "done": stage for stage in STAGES.groups()[group]}
    return lambda wildcards: stamps(STAGES.stages[name] for name in members[wildcards.item].parents)


def resource(group, key, default):
    """A resource from the `meta:` of a group's stages; it never makes a stage stale."""
    return max(stage.meta.get(key, default) for stage in STAGES.groups()[group])


rule all:
    input:
        stamps(STAGES.stages.values()),
    message:
        "every stage is up to date"


def stage(group, item):
    """The DVC stage of a group's item."""
    return group if item == "done" else f"{group}@{item}"


PRIORITIES = STAGES.priorities()

# One rule per group, so that a profile can set resources by its name.
for group, members in STAGES.groups().items():

    rule:
        name:
            group
        input:
            parents(group),
        output:
            touch(str(Path(stamp(members[0], STUDY)).parent / "{item}")),
        wildcard_constraints:
            item="|".join(re.escape(member.item or "done") for member in members),
        params:
            stage=lambda wildcards, group=group: stage(group, wildcards.item),
        message:
            "{params.stage}"
        threads: resource(group, "threads", 1)
        priority: lambda wildcards, group=group: PRIORITIES[stage(group, wildcards.item)]
        resources:
            mem_mb=resource(group, "mem_mb", 1000),
            runtime=resource(group, "runtime", 60),
        shell:
            "python -m passk.pipeline.reproduce {params.stage}"
