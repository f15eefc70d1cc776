"""Engines in processes of their own: pipes, feeding, deaths, and what is said when none starts."""

import io
import os
import sys
import time
from pathlib import Path

import pytest

from passk.core.machine import EngineHost
from passk.sampling.blocks import plan_blocks
from passk.sampling.engines import pipes
from passk.sampling.engines.feeding import EngineFleet, Feeder
from passk.sampling.engines.process import EngineError, find_command
from passk.sampling.engines.vllm_draws import place_processes

SERVER = str(Path(__file__).parent / "toy_engine_server.py")
BLOCKS = [
    block
    for prompt in "abcdef"
    for block in plan_blocks({"engine": "toy"}, prompt, None, 8, 4)
]  # fmt: skip


def feeder(variables=(), told=None, source="toy", length=5, **host):
    variables = [dict(variables)] * host.get("processes", 1)
    fleet = EngineFleet(
        engine="toy", command=[sys.executable, SERVER], host=EngineHost(**host),
        variables=variables, source=source, load={"longest": 10}, rows=8,
        remedies={"no memory": "buy some"},
    )  # fmt: skip

    def ask(block):
        long = length + 10 * (block.prompt == "b")
        return {"block": block.key, "streams": list(block.indices), "length": long}, b""

    return Feeder(fleet, ask, (told if told is not None else []).append)


def keys(answers):
    return sorted(block.key for block, _, _ in answers)


ALL = sorted(block.key for block in BLOCKS)


def test_a_message_comes_out_as_it_went_in_and_half_a_message_is_none():
    stream = io.BytesIO()
    pipes.send(stream, {"a": [1, "ü"]}, b"\x00\xff")
    pipes.send(stream, {})
    whole = stream.getvalue()
    stream.seek(0)
    assert pipes.receive(stream) == ({"a": [1, "ü"]}, b"\x00\xff")
    assert pipes.receive(stream) == ({}, b"")
    assert pipes.receive(stream) is None
    assert pipes.receive(io.BytesIO(whole[:9])) is None


@pytest.mark.parametrize("processes", [1, 3])
def test_every_block_comes_back_once_and_a_refused_one_says_why(processes):
    told = []
    answers = list(feeder(told=told, processes=processes).draw(BLOCKS))
    assert keys(answers) == ALL
    refused = {
        block.prompt: header["reason"] for block, header, _ in answers if "refused" in header
    }
    assert refused == {"b": "too long"}
    assert sum(told) == 8 * 6
    assert {len(payload) for block, _, payload in answers if block.prompt != "b"} == {4 * 3 * 8}


def test_a_process_that_dies_is_started_again_and_no_block_is_lost(tmp_path, capsys):
    told = []
    variables = {"DIE_AFTER": "4", "DIED": str(tmp_path / "died")}
    answers = list(feeder(variables, told).draw(BLOCKS))
    assert keys(answers) == ALL
    assert sum(told) == 8 * 6  # what was counted and lost is taken back
    said = capsys.readouterr().err
    assert "engine 'toy' died (killed by SIGKILL; its last line: the last words)" in said
    assert "started again (1 of 3" in said


def test_one_that_dies_again_and_again_is_given_up_and_its_log_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("PASSK_TEMPORARY", str(tmp_path))
    with pytest.raises(EngineError, match=r"died 3 time\(s\).*mend it and run again") as raised:
        list(feeder({"DIE_AFTER": "0"}, restarts=2).draw(BLOCKS))
    (log,) = tmp_path.iterdir()
    assert str(log) in str(raised.value)
    assert "the last words" in log.read_text()


def test_it_dies_again_and_again_but_gets_on(tmp_path):
    assert keys(feeder({"DIE_AFTER": "2"}, restarts=1).draw(BLOCKS)) == ALL


def test_why_one_does_not_start_is_said_with_a_remedy():
    with pytest.raises(EngineError, match="engine 'toy': no memory here; buy some; its log is /"):
        list(feeder({"FAIL": "no memory here"}).draw(BLOCKS))
    with pytest.raises(EngineError, match="another version of passk"):
        list(feeder(source="newer").draw(BLOCKS))
    with pytest.raises(EngineError, match=r"not ready after 0\.001 minutes.*start_minutes"):
        list(feeder({"HANG": "1"}, start_minutes=0.001).draw(BLOCKS))


def running():
    """Toy servers that run now, as this test started them."""
    own = os.getpid()
    return [
        entry
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit()
        and SERVER.encode() in _read(entry / "cmdline")
        and _read(entry / "stat").split(b") ")[-1].split()[1:2] == [b"%d" % own]
    ]


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_nothing_is_left_running_when_a_draw_is_left_in_the_middle():
    drawing = feeder().draw(BLOCKS)
    next(drawing)
    assert len(running()) == 1
    drawing.close()
    assert running() == []


def test_an_engine_ends_with_whoever_started_it(tmp_path):
    script = (
        "import sys; sys.path[:0] = sys.argv[2:3]; import test_engine_process as t, os\n"
        "d = t.feeder({'HANG': '1'}); d._start({'HANG': '1'})\n"
        "print(d.workers[1].process._process.pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", script, "", str(Path(__file__).parent)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    stat = Path("/proc") / done.stdout.strip() / "stat"
    for _ in range(100):
        if not stat.exists() or b") Z" in _read(stat):
            break
        time.sleep(0.1)
    else:
        pytest.fail("the engine's process outlives its stage")


def test_gpus_are_dealt_out(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert place_processes(EngineHost(variables={"A": "1"}), 4) == [{"A": "1"}]
    assert place_processes(EngineHost(gpus=4, processes=2), 2) == [
        {"CUDA_VISIBLE_DEVICES": "0,1"}, {"CUDA_VISIBLE_DEVICES": "2,3"}
    ]  # fmt: skip
    assert place_processes(EngineHost(gpus=0, processes=2), 1) == [{}, {}]
    with pytest.raises(EngineError, match=r"2 process\(es\) x tensor_parallel 2 need 4 GPUs"):
        place_processes(EngineHost(gpus=3, processes=2), 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7")
    assert place_processes(EngineHost(gpus=1), 1) == [{"CUDA_VISIBLE_DEVICES": "5"}]
    with pytest.raises(EngineError, match="there are 2"):
        place_processes(EngineHost(processes=3), 1)


def test_an_engine_that_cannot_be_found_is_said_with_the_remedy(tmp_path):
    def find(package="json", **host):
        return find_command("vllm", EngineHost(**host), "m", package, tmp_path)

    assert find() == [sys.executable, "-m", "m"]
    with pytest.raises(EngineError, match=r"make setup-vllm.*engines: \{vllm: \{python: "):
        find("not_a_package")
    with pytest.raises(EngineError, match=r"engines\.vllm\.python = '/nowhere/python': no such"):
        find(python="/nowhere/python")
    with pytest.raises(EngineError, match=r"engines\.vllm\.container = 'apptainr': no such"):
        find(container="apptainr exec image.sif")
