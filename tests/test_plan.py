"""`passk plan`: its formulas against simulation, its numbers against tables, what it warns of."""

import json
import math

import numpy as np
import polars as pl
import pytest

from passk.cli import plan as command
from passk.config import paths
from passk.config.composition import compose
from passk.config.composition_sources import shipped_folder
from passk.config.study import validate
from passk.core.machine import Machine
from passk.core.yaml_files import ParameterError
from passk.planning.lengths import ResponseLengths
from passk.planning.plan import plan
from passk.planning.precision import expected_variance, half_width, measured_variance
from passk.planning.problems import count_problems
from passk.planning.throughput import throughput
from passk.planning.warnings import list_warnings

H100 = throughput("H100")


@pytest.fixture(scope="module")
def paper():
    return validate(compose(shipped_folder() / "paper" / "study.yaml"))


@pytest.fixture(scope="module")
def smoke():
    return validate(compose(shipped_folder() / "smoke" / "study.yaml"))


# ------------------------------------------------------------------------------------- precision


@pytest.mark.parametrize(("n", "k", "a", "b"), [(16, 1, 0.6, 0.4), (32, 8, 0.1, 0.9), (8, 8, 2, 3)])
def test_half_widths_are_those_of_a_simulation(n, k, a, b):
    problems, studies = 40, 4000
    rng = np.random.default_rng(7)
    correct = rng.binomial(n, rng.beta(a, b, (studies, problems)))
    # independent of the module: C(n-c, k) / C(n, k) by math.comb
    values = np.array([1 - math.comb(n - c, k) / math.comb(n, k) for c in range(n + 1)])
    spread = values[correct].mean(axis=1).std()
    expected = math.sqrt(expected_variance(n, k, a, b) / problems)
    assert expected == pytest.approx(spread, rel=0.05)


def test_more_samples_help_to_a_limit_and_more_problems_without():
    widths = [half_width(expected_variance(n, 1, 0.5, 0.5), 100, 0.95) for n in (1, 8, 128, 1024)]
    assert widths == sorted(widths, reverse=True)
    # variance of p ~ Beta(.5, .5) is 1/8: what is left when samples are free
    assert widths[-1] == pytest.approx(half_width(1 / 8, 100, 0.95), rel=0.01)
    wide, narrow = (half_width(0.1, problems, 0.95) for problems in (1000, 4000))
    assert narrow == pytest.approx(wide / 2, rel=0.01)


def test_one_problem_has_no_interval():
    assert math.isnan(half_width(0.1, 1, 0.95))


def test_measured_variance_is_that_of_the_problems():
    n, c = np.array([4, 4, 4]), np.array([0, 2, 4])
    assert measured_variance(n, c, 1) == pytest.approx(np.var([0, 0.5, 1]))


# ------------------------------------------------------------------------------------ throughput


@pytest.mark.parametrize(
    ("name", "nominal"),
    [
        ("Qwen/Qwen2.5-7B-Instruct-1M", 7), ("ganler/CodeR1-Zero-Qwen2.5-7B-12k-832", 7),
        ("meta-llama/Llama-3.1-8B", 8), ("BytedTsinghua-SIA/DAPO-Qwen-32B", 32),
        ("HuggingFaceTB/SmolLM2-1.7B", 1.7), ("gpt2", None),
    ],
)  # fmt: skip
def test_sizes_are_those_of_names(name, nominal):
    size = H100.size(name)
    assert (None if size is None else size.nominal) == nominal


def test_larger_models_and_longer_responses_are_slower():
    sizes = [H100.size(f"x-{size}B") for size in (1.5, 7, 14, 32, 70)]
    speeds = [H100.decoding(size, 1000).tokens for size in sizes]
    assert speeds == sorted(speeds, reverse=True)
    assert H100.decoding(sizes[1], 8000).tokens < speeds[1]
    assert throughput("H200").decoding(sizes[1], 1000).tokens > speeds[1]


def test_a_model_takes_as_many_gpus_as_it_needs():
    small, large = H100.size("x-7B"), H100.size("x-70B")
    assert H100.decoding(small, 1000).gpus == 1
    assert H100.decoding(large, 1000).gpus >= 2
    assert H100.decoding(large, 1000, gpus=1) is None
    assert throughput("L40S").decoding(H100.size("x-405B"), 1000) is None


def test_stated_figures_come_first():
    known = throughput("H100", {7.0: 1234.0})
    assert known.decoding(known.size("x-7B"), 1000).tokens == 1234
    assert known.decoding(known.size("x-14B"), 1000).tokens != 1234
    with pytest.raises(ParameterError, match="did you mean 'H100'"):
        throughput("h100")


# ---------------------------------------------------------------------------------------- sizes


def test_problems_are_those_of_the_paper(paper, tmp_path):
    sizes = {
        "gsm8k": 1319, "math500": 500, "minerva": 272, "olympiad": 675, "aime24": 30, "amc23": 40,
        "livecodebench": 880, "livecodebench-recent": 279, "humaneval": 164, "mbpp": 378,
        "mathvista": 460, "mathvision": 114,
    }  # fmt: skip
    assert {name: count_problems(paper, name, tmp_path).number for name in sizes} == sizes


def test_totals_are_sums(paper, tmp_path):
    made = plan(paper, H100, tmp_path)
    by_hand = sum(
        (paper.draws[draw].n or 0) * (count_problems(paper, name, tmp_path).number or 0)
        for draw in paper.draws
        for name in paper.draws[draw].sets
    )
    assert made.totals["samples"] == by_hand
    assert made.totals["tokens"] == pytest.approx(
        sum(part.samples * part.tokens for draw in made.draws for part in draw.sets)
    )
    assert made.totals["sampling_gpu_hours"] == sum(draw.gpu_hours for draw in made.draws)
    draw = next(draw for draw in made.draws if draw.name == "math-7B-aime")
    speed = H100.decoding(H100.size("x-7B"), 200 + draw.sets[0].tokens / 2)
    assert draw.gpu_hours == pytest.approx(draw.tokens / speed.tokens / 3600)


def test_arms_count_what_their_algorithm_draws(paper, tmp_path):
    arms = {arm.name: arm for arm in plan(paper, H100, tmp_path).arms}
    assert arms["rloo"].rollouts == 150 * 128 * 8
    assert arms["remax"].rollouts == 150 * 128 * 9  # a greedy response beside each group
    assert arms["dapo"].rollouts == 150 * 128 * 8 * 6  # rounds, at most
    assert arms["grpo-kl"].training_hours > arms["rloo"].training_hours


def test_a_larger_n_costs_more_and_is_narrower(paper, tmp_path):
    values = paper.model_dump(mode="json")
    values["draws"]["qwen-7B"]["n"] = 256
    few, many = (
        next(d for d in plan(s, H100, tmp_path).draws if d.name == "qwen-7B")
        for s in (paper, validate(values))
    )
    assert many.gpu_hours == pytest.approx(2 * few.gpu_hours)
    assert many.disk == pytest.approx(2 * few.disk)
    assert many.sets[0].half_widths[1] < few.sets[0].half_widths[1]


# ------------------------------------------------------------------------------ finished tables


def write(path, table):
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(table).write_parquet(path)


def test_tables_replace_priors(smoke, tmp_path):
    draw, entry = next((n, d) for n, d in smoke.draws.items() if d.n and d.n > 1)
    first = entry.sets[0]
    write(tmp_path / paths.samples(smoke.study, draw), {"set": [first] * 6, "n_tokens": [4, 6] * 3})
    write(
        tmp_path / paths.counts(smoke.study, draw), {"set": [first] * 2, "n": [3, 3], "c": [0, 3]}
    )
    made = plan(smoke, H100, tmp_path, {f"sample@{draw}": 7200.0})
    planned = next(d for d in made.draws if d.name == draw)
    part = planned.sets[0]
    assert (part.tokens, part.tokens_from, part.held) == (5.0, "measured", 6)
    assert part.left == (part.samples - 6) * 5.0
    assert part.variance_from == "measured"
    assert part.half_widths[1] == pytest.approx(half_width(0.25, 2, 0.95))
    assert planned.recorded_hours == 2.0
    alike = [
        n for n, d in smoke.draws.items()
        if n != draw and (d.model, d.template) == (entry.model, entry.template) and first in d.sets
    ]  # fmt: skip
    lengths = ResponseLengths(smoke, tmp_path)
    assert {lengths.response(n, first).source for n in alike} <= {f"measured on {draw}"}


# ------------------------------------------------------------------------------------- warnings


def test_what_is_missing_is_said(paper, tmp_path):
    made = plan(paper, H100, tmp_path)
    lines = list(list_warnings(paper, made, Machine(), tmp_path))
    assert any("claims.rl" in line and "mathvision 114" in line for line in lines)
    assert not any("minerva" in line for line in lines), "272 problems suffice"
    assert any(line.startswith("engine vllm of 57 draws: not installed") for line in lines)
    assert any("`passk check` lists them" in line for line in lines)
    known = Machine(engines={"vllm": {"python": "python"}})
    lines = list(list_warnings(paper, made, known, tmp_path))
    assert not any("57 draws" in line for line in lines)
    # machine.yaml says where draws run, not arms
    assert any(line.startswith("engine vllm of 8 arms") for line in lines)


def test_a_disk_that_is_too_small_is_named(paper, tmp_path):
    made = plan(paper, H100, tmp_path)
    made.totals["samples_bytes"] = 1e18
    lines = list(list_warnings(paper, made, Machine(), tmp_path))
    assert any(line.startswith("disk: about 1,000,") for line in lines)


def test_a_set_of_unknown_size_counts_as_none_and_is_named(paper, tmp_path):
    values = paper.model_dump(mode="json")
    values["draws"]["vl-7B"]["sets"].append("taco")
    values["benchmarks"]["taco"] = {"source": "taco", "path": "none"}
    values["sets"]["taco"] = {"problems": "taco"}
    study = validate(values)
    made = plan(study, H100, tmp_path)
    assert any(
        "sets taco: nothing says" in line
        for line in list_warnings(study, made, Machine(), tmp_path)
    )


# -------------------------------------------------------------------------------------- command


def test_the_command_prints_a_table_and_json(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    study = shipped_folder() / "paper" / "study.yaml"
    speeds = tmp_path / "speeds.yaml"
    speeds.write_text("'7B': 5000\n'32': 900\n")
    command.main(study, gpu="H200", speeds=speeds)
    shown = capsys.readouterr().out
    assert "paper: GPU hours of H200" in shown
    assert "in total: " in shown
    assert "not run, see report.experiments: fig-1-trees" in shown
    command.main(study, speeds=speeds, as_json=True)
    made = json.loads(capsys.readouterr().out)
    draw = next(
        draw
        for draw in made["draws"]
        if draw["name"] == "qwen-7B-dapo" or draw["name"] == "oat-zero"
    )
    assert draw["speed_from"] == "stated"
    assert draw["gpu_hours"] == pytest.approx(
        sum(part["samples"] * part["tokens"] for part in draw["sets"]) / 5000 / 3600
    )
    assert made["comparisons"][0]["half_widths"]["1"] > 0


@pytest.mark.parametrize(
    ("text", "message"), [("'7': fast\n", "above 0"), ("big: 3\n", "billions")]
)
def test_figures_that_are_none_are_refused(tmp_path, text, message):
    (tmp_path / "speeds.yaml").write_text(text)
    with pytest.raises(ParameterError, match=message):
        command.main(shipped_folder() / "smoke" / "study.yaml", speeds=tmp_path / "speeds.yaml")
