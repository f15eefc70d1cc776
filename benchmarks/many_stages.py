"""What the DAG costs at 50, 200 and 800 stages: planning what is up to date, and one stage.

`python benchmarks/many_stages.py [--sizes 50 200 800]`. Beside passk stands what DVC alone takes
for the same question (`dvc status`), in the same run. Processor time, user and system, children
included. A study is the default one with its draws repeated; outputs are a few bytes, and `dvc
commit` locks them.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
STAGE = "count@base"


def seconds(folder: Path, *command: str) -> tuple[float, float]:
    """Processor time and wall time of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def make_study(folder: Path, size: int) -> int:
    """A locked study of about so many stages; returns how many it has."""
    from passk.pipeline import dag

    yaml = YAML(typ="safe")
    values = yaml.load(ROOT / "params.yaml")
    draws = values["draws"]
    first = next(iter(draws.values()))
    if size < 150:
        # As few as the sections that DVC interpolates allow.
        for section in ("headline", "examples", "rejection_sampling", "sft"):
            values[section] = {}
        kept = list(draws)[: max(2, (size - 45) // 3)]
        values["draws"] = draws = {name: draws[name] for name in kept}
        names = {
            name: pair
            for name, pair in values["analysis"]["comparisons"].items()
            if {pair["reference"], pair["candidate"]} <= set(kept)
        }
        values["analysis"].update(comparisons=names, groups={})
        values["report"] = {k: values["report"][k] for k in ("title", "subtitle", "caveat")}
        arms = {draw["model"].partition("/")[0] for draw in draws.values()}
        values["train"] = {name: arm for name, arm in values["train"].items() if name in arms}
    number = 0
    while True:
        yaml.dump(values, folder / "params.yaml")
        stages = len(dag.load(folder).stages)
        if stages >= size:
            return stages
        for _ in range(max(1, (size - stages) // 3)):
            number += 1
            draws[f"more-{number}"] = {**first, "replicate": number}


def lock(folder: Path) -> None:
    """Write small outputs for every stage, and lock them."""
    from passk.pipeline import dag

    for stage in dag.load(folder).stages.values():
        for out in stage.outs:
            path = folder / out
            if path.suffix:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"{out}\n")
            else:
                for step in ("", "step-30/", "step-60/", "step-90/"):
                    (path / step).mkdir(parents=True, exist_ok=True)
                    (path / step / "file").write_text(f"{out} {step}\n")
    subprocess.run(["dvc", "commit", "-f", "-q"], cwd=folder, check=True)


def measure(size: int) -> Sequence[str]:
    """A row of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in ("dvc.yaml", "Snakefile"):
            shutil.copy(ROOT / file, folder / file)
        shutil.copytree(ROOT / "profiles", folder / "profiles")
        subprocess.run(["dvc", "init", "-q", "--no-scm"], cwd=folder, check=True)
        stages = make_study(folder, size)
        seconds(folder, sys.executable, "-m", "passk.pipeline.identity")
        lock(folder)
        columns = []
        for command in (
            ["dvc", "status"],
            ["passk", "status", "--names"],
            ["snakemake", "-n", "--quiet"],
            [sys.executable, "-m", "passk.pipeline.reproduce", STAGE],
        ):
            seconds(folder, *command)  # once, to fill caches
            cpu, wall = seconds(folder, *command)
            columns.append(f"{cpu:6.1f} {wall:6.1f}")
        return [f"{stages:6d}", *columns]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 200, 800])
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    print("stages   dvc status    passk status  snakemake -n  one stage   (processor s, wall s)")
    for wanted in parser.parse_args().sizes:
        print("  ".join(measure(wanted)), flush=True)
