"""`studies/paper`: each model, set, draw and figure of arXiv 2504.13837, or why it is not run."""

import re
import resource
import subprocess
import sys

import pytest

from passk.cli import check
from passk.config.composition import compose
from passk.config.composition_sources import shipped_folder
from passk.config.study import validate
from passk.config.unready import list_unready
from passk.data.prompts import template
from passk.pipeline.identity.usage import domain_of_set
from passk.pipeline.study_folder import make_folder
from passk.report.experiments import list_experiments
from passk.training.memory import ModelShape, estimate_bytes

# What the paper has, numbered as in version 2, or by the later version's number where it is new.
PAPER = (
    "Table 1", "Table 2", "Table 3", "Table 4", "Table 5",
    *(f"Fig. {number}" for number in range(1, 21)),
    "later: App. D.4", "App. D.2", "App. E", "Sections 3.1", "later: Fig. 9",
)  # fmt: skip
# start -> trained, by repository; what is trained here instead of fetched: None.
MODELS = {
    "hkust-nlp/Qwen-2.5-7B-SimpleRL-Zoo": "Qwen/Qwen2.5-7B",
    "hkust-nlp/Qwen-2.5-14B-SimpleRL-Zoo": "Qwen/Qwen2.5-14B",
    "hkust-nlp/Qwen-2.5-32B-SimpleRL-Zoo": "Qwen/Qwen2.5-32B",
    "hkust-nlp/Llama-3.1-8B-SimpleRL-Zoo": "meta-llama/Llama-3.1-8B",
    "sail/Qwen2.5-Math-7B-Oat-Zero": "Qwen/Qwen2.5-Math-7B",
    "Qwen/Qwen2.5-Math-7B-Instruct": "Qwen/Qwen2.5-Math-7B",
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B": "Qwen/Qwen2.5-Math-7B",
    "BytedTsinghua-SIA/DAPO-Qwen-32B": "Qwen/Qwen2.5-32B",
    "ganler/CodeR1-Zero-Qwen2.5-7B-12k-832": "Qwen/Qwen2.5-7B-Instruct-1M",
    "agentica-org/DeepCoder-14B-Preview": "deepseek-ai/DeepSeek-R1-Distill-Qwen-14B",
}
# The protocol's n by set, of draws that are neither greedy nor of the study of algorithms.
SAMPLES = {
    "gsm8k": 128, "math500": 128, "minerva": 128, "olympiad": 128, "aime24": 1024, "amc23": 1024,
    "livecodebench": 128, "humaneval": 128, "mbpp": 128, "mathvista": 128, "mathvision": 128,
}  # fmt: skip
QWEN_7B = ModelShape(
    parameters=7_615_616_512, trained=161_480_704, layers=28, width=3584, feed_forward=18_944,
    vocabulary=152_064, cached=1024,
)  # fmt: skip


@pytest.fixture(scope="module")
def study():
    return validate(compose(shipped_folder() / "paper" / "study.yaml"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("paper") / "study"
    make_folder(path, "paper")
    return path


def numbers_of(experiment):
    """All numbers in `Fig. 8, 14; Table 2`, each with its word."""
    text = experiment.v2 or f"later: {experiment.later}"
    word = ""
    for part in text.replace(";", ",").split(","):
        head, _, last = part.strip().rpartition(" ")
        if last in ("left", "right"):
            continue
        word = head or word
        yield f"{word.replace('Tables', 'Table')} {last}"


# ------------------------------------------------------------------------------- what the paper has


def test_the_list_holds_every_figure_and_table_of_the_paper():
    known = {number for entry in list_experiments().values() for number in numbers_of(entry)}
    assert [number for number in PAPER if number not in known] == []


def test_each_experiment_is_shown_or_has_a_reason(study):
    stated = study.report.experiments
    assert list(stated) == list(list_experiments())
    for name, entry in stated.items():
        # names are checked by `validate`; a figure that is run needs samples or training behind it
        assert entry.is_run or len(entry.not_run.split()) > 5, name
        for comparison in entry.comparisons:
            compared = study.analysis.comparisons[comparison]
            assert {compared.reference, compared.candidate} <= set(study.draws)


def test_every_comparison_serves_an_experiment(study):
    served = {name for e in study.report.experiments.values() for name in e.comparisons}
    draws = {name for e in study.report.experiments.values() for name in e.draws}
    for name, compared in study.analysis.comparisons.items():
        assert name in served or {compared.reference, compared.candidate} <= draws, name


def test_each_model_of_the_paper_is_compared_with_its_start(study):
    repositories = {name: entry.source for name, entry in study.fetch.items()}
    pairs = {
        tuple(
            repositories.get(study.draws[draw].model)
            for draw in (compared.candidate, compared.reference)
        )
        for compared in study.analysis.comparisons.values()
    }
    assert set(MODELS.items()) <= pairs
    assert all(entry.revision is None for entry in study.fetch.values())
    lines = "\n".join(list_unready(study))
    assert all(f"commit of {source}" in lines for source in repositories.values())


def test_the_algorithms_of_the_paper_are_arms_or_have_a_reason(study):
    trained = {arm.algorithm.name for arm in study.train.values()}
    paper = {"ppo", "grpo", "rloo", "reinforce++", "remax", "dapo"}
    assert paper - trained == {"ppo"}
    assert "PPO" in study.report.experiments["fig-8"].not_run


# ---------------------------------------------------------------------------------------- protocol


def test_draws_follow_the_protocol(study):
    for name, draw in study.draws.items():
        assert draw.engine == "vllm", name
        if draw.n == 1:
            assert (draw.temperature, draw.top_p) == (0, 1)
            continue
        assert draw.top_p == 0.95
        assert draw.temperature == 0.6 or name.partition("-t")[2], name
        if draw.template == "verl":
            assert draw.n == 256
        else:
            llama = draw.model.startswith("llama") and "olympiad" in draw.sets
            assert {1024 if llama else SAMPLES[chosen] for chosen in draw.sets} == {draw.n}, name
        holds_4096 = draw.model in ("math-7B", "math-7B-instruct", "oat-zero")
        longest = 32_768 if draw.model in ("distill-14B", "deepcoder") else 16_384
        assert draw.max_new_tokens == (3072 if holds_4096 or "short" in name else longest), name


def test_both_sides_of_a_comparison_are_drawn_alike(study):
    for name, compared in study.analysis.comparisons.items():
        sides = (study.draws[compared.reference], study.draws[compared.candidate])
        alike = [(d.template, d.temperature, d.top_p, d.n, d.engine) for d in sides]
        assert alike[0] == alike[1], name
        budgets = {d.max_new_tokens for d in sides}
        # what the distilled model writes does not fit into its start's context; `-short` does
        assert len(budgets) == 1 or name == "distill-7B", name


def test_templates_are_those_of_the_paper(study):
    wanted = {
        "livecodebench": {"livecodebench"}, "humaneval": {"evalplus"}, "mbpp": {"evalplus"},
        "mathvista": {"easyr1"}, "mathvision": {"easyr1"}, "omni-test": {"verl"},
        "omni-train": {"verl"}, "aime24": {"simplerl", "simplerl-abel", "dapo"},
    }  # fmt: skip
    for name, draw in study.draws.items():
        for chosen in draw.sets:
            assert draw.template in wanted.get(chosen, {"simplerl", "simplerl-abel", "verl"}), name
        llama = draw.model.startswith("llama")
        assert template(draw.template).chat is not (llama or draw.template in ("verl", "dapo"))


def test_arms_follow_the_protocol(study):
    for name, arm in study.train.items():
        assert (arm.prompts, arm.temperature, arm.reward) == (128, 1.0, "correctness")
        assert arm.rollouts == (32 if name == "grpo-n32" else 8)
        assert arm.beta == (0.001 if name == "grpo-kl" else 0)
        domain = domain_of_set(study.model_dump(mode="json"), arm.set)
        assert arm.max_new_tokens == (8192 if domain == "math" else 2048)


def test_arms_fit_a_gpu_of_80_gib_beside_vllm(study):
    for name, arm in study.train.items():
        size = sum(estimate_bytes(QWEN_7B, arm, arm.max_new_tokens + 1500).values())
        assert size < 80 * 2**30 * (1 - arm.engine_options.gpu_share()), name


# --------------------------------------------------------------------- without any model or problem


def test_it_is_planned_without_models_and_problems_in_little_time(folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "--cores", "1"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run.returncode == 0, run.stderr
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 30
    planned = run.stdout + run.stderr
    assert all(
        re.search(rf"{group} +{n}\b", planned) for group, n in (("sample", 57), ("fetch", 18))
    )


def test_check_lists_what_is_missing(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    check.main()
    shown = capsys.readouterr().out
    assert "study 'paper' is legal" in shown
    assert "not ready: fetch.qwen-7B.revision: not pinned; run `passk pin`" in shown
    assert "not ready: benchmarks.gsm8k.path" in shown
