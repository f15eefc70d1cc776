"""The memory of a draw does not grow with its samples; a table in groups is the same table."""

import json
import subprocess
import sys

import polars as pl
import pytest
from tests.conftest import ROOT

from passk.config import paths
from passk.core.schemas.samples import SAMPLES
from passk.core.table_stream import write_groups
from passk.core.tables import Table, TableError
from passk.pipeline.stages import sample_table
from passk.pipeline.stages.sample import run
from passk.sampling.streams import StreamError
from toy_checkpoint import QUESTIONS, job, save, write_set

POINTS = Table("points", 1, {"x": pl.Int64(), "y": pl.String()}, key=("x",))


def frame(*values):
    return pl.DataFrame({"x": values, "y": [str(value) for value in values]})


def test_one_group_is_written_as_a_table_is(tmp_path):
    POINTS.write(frame(1, 2), tmp_path / "whole")
    assert write_groups(POINTS, [frame(1, 2)], tmp_path / "group") == 2
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "group").read_bytes()


def test_several_groups_are_one_table_and_the_same_bytes_each_time(tmp_path):
    groups = [frame(1, 2), frame(3), frame(5, 9)]
    assert write_groups(POINTS, groups, tmp_path / "first") == 5
    write_groups(POINTS, groups, tmp_path / "second")
    assert POINTS.read(tmp_path / "first").equals(pl.concat(groups))
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_groups_out_of_order_leave_nothing_behind(tmp_path):
    with pytest.raises(TableError, match=r"stands behind \(2,\)"):
        write_groups(POINTS, [frame(1, 2), frame(2)], tmp_path / "table")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(paths.model("toy", "base"))
    write_set("one", QUESTIONS[:4])
    write_set("two", QUESTIONS[4:7])


def test_a_draw_in_groups_has_the_rows_of_one_in_a_piece(study, monkeypatch):
    run(job())
    path = paths.samples("toy", "base")
    whole = SAMPLES.read(path)
    monkeypatch.setattr(sample_table, "GROUP_ROWS", 9)
    assert run(job())["samples"] == whole.height
    assert SAMPLES.read(path).equals(whole)
    monkeypatch.setattr(sample_table, "GROUP_TOKENS", 20)
    run(job())
    assert SAMPLES.read(path).equals(whole)
    write_set("two", QUESTIONS[3:6])
    path.unlink()
    with pytest.raises(StreamError, match=r"of 140 samples share a random stream"):
        run(job())
    assert not path.exists()


DRAW = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from passk.pipeline.stages.job import Job
from passk.pipeline.stages.sample import run
measured = run(Job("sample", "base", json.loads(sys.argv[2]), ""))
peak = [line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line]
print(measured["samples"], peak[0].split()[1])
"""


def peak_of(n, engine):
    """MiB at the peak of a process that draws n samples of each of 7 problems."""
    ways = {"temperature": 0.3, "top_p": 0.9, "max_new_tokens": 6, "engine": engine}
    settings = job(n=n, sampling={"block": 512, "rows": 64}, **ways).params
    done = subprocess.run(
        [sys.executable, "-c", DRAW, str(ROOT / "tests"), json.dumps(settings)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    samples, peak = done.stdout.split()
    assert float(samples) == 7 * n
    return int(peak) / 1024


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["step_loop", "generate"])
def test_two_hundred_thousand_samples_take_the_memory_of_a_few(study, monkeypatch, engine):
    few, many = peak_of(2048, engine), peak_of(28672, engine)
    held = sample_table.GROUP_ROWS * 1e-3  # MiB: a kilobyte for each row of a group
    assert many - few < held + 100, f"{few:.0f} MiB for 14,336 samples, {many:.0f} for 200,704"
