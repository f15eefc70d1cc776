"""A study of every kind of stage, cut to seconds, and the digests of all that it writes.

`python tests/small_study.py` runs it and prints them; `--write` records them in
tests/data/stage_digests.json, which is right only where results are meant to change.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from conftest import copy_project
from passk.core import processor

HERE = Path(__file__).parent
RECORDED = HERE / "data" / "stage_digests.json"


def cut(workspace):
    """The smoke study with a few steps for each model; every training still moves weights."""
    values = workspace.params()
    for entry in values["pretrain"].values():
        entry.update(steps=4, batch=4, warmup_steps=1)
        entry["corpus"].update(documents=64)
        entry["tokenizer"].update(documents=400)
    for arm in values["train"].values():
        arm.update(steps=2, checkpoints=[2], entropy_coef=0.01, max_new_tokens=24)
    for draw in values["draws"].values():
        draw.update(n=4, max_new_tokens=32)
    values["draws"]["grpo"]["model"] = "grpo/step-2"
    # Their responses end, so that they are judged, and learned from.
    for name, steps in (("base", 120), ("coder", 240)):
        values["pretrain"][name].update(steps=steps, batch=8)
        values["pretrain"][name]["corpus"].update(documents=1000)
    values["validation"].update(truncated_at_most=1.0, unknown_at_most=1.0)
    values["analysis"].update(k=[1, 2, 4], efficiency_k=4)
    workspace.write_params(values)


def outputs(folder, *emulator):
    """Run the study in a fresh copy of the project; digests of all its outputs."""
    workspace = copy_project(folder, "smoke")
    cut(workspace)
    environment = {
        **{k: v for k, v in os.environ.items() if k not in processor.pins()},
        "PYTHONPATH": str(folder / "src"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PASSK_TRACKING": "off",
    }
    done = subprocess.run(
        [*emulator, sys.executable, str(HERE / "run_stages.py")], cwd=folder, text=True,
        env=environment, capture_output=True, check=False, timeout=3000,
    )  # fmt: skip
    assert not done.returncode, done.stderr[-4000:]
    return json.loads(done.stdout)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        text = json.dumps(outputs(Path(scratch)), indent=1) + "\n"
    print(text, end="")
    if "--write" in sys.argv:
        RECORDED.write_text(text, encoding="utf-8")
