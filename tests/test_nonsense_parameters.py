"""Nonsense in a parameter file is refused before any work, by key, value, what is legal."""

import copy

import pytest
from tests.conftest import ROOT

from passk.config.study import validate
from passk.core.yaml_files import ParameterError, read

NAN, INF = float("nan"), float("inf")
PANEL = {"comparisons": ["grpo"], "sets": []}
VIEW = {"set": "indomain", "filters": [{"kind": "free_form"}]}


def view(*filters, name="late", of="indomain"):
    return {name: {"set": of, "filters": list(filters)}}


# what is changed: {key: value} -> words of the message; "study of sampling" and the like by keys
CASES = [
    # types: a word, a truth or a number with decimals is no whole number
    ({"draws.base.n": "8"}, ["draws.base.n = '8'", "must be a whole number, not text"]),
    ({"draws.base.n": True}, ["draws.base.n = True", "must be a whole number, not true or false"]),
    ({"draws.base.n": 8.0}, ["draws.base.n = 8.0", "must be a whole number"]),
    ({"draws.base.temperature": "0.6"}, ["draws.base.temperature = '0.6'", "must be a number"]),
    ({"draws.base.temperature": True}, ["draws.base.temperature = True", "must be a number"]),
    ({"draws.base.keep_token_logprobs": 1}, ["keep_token_logprobs = 1", "true or false"]),
    ({"draws.base.keep_token_logprobs": "yes"}, ["keep_token_logprobs = 'yes'", "true or false"]),
    ({"seed": "2027"}, ["seed = '2027'", "must be a whole number"]),
    ({"train.grpo.steps": 90.0}, ["train.grpo.steps = 90.0", "must be a whole number"]),
    ({"train.grpo.algorithm.eps": "1e-4"}, ["train.grpo.algorithm.eps = '1e-4'", "a number"]),
    ({"worlds.train.levels": ["1"]}, ["worlds.train.levels[0] = '1'", "must be a whole number"]),
    ({"analysis.k": [1, 2.0]}, ["analysis.k[1] = 2.0", "must be a whole number"]),
    ({"report.paper": "true"}, ["report.paper = 'true'", "must be true or false, not text"]),
    ({"report.title": 7}, ["report.title = 7", "must be text"]),
    ({"draws.base.sets": "indomain"}, ["draws.base.sets = 'indomain'", "must be a list"]),
    ({"sampling": []}, ["sampling", "must be a mapping"]),
    # numbers that are none, or that nobody can mean
    ({"draws.base.n": 10**30}, ["draws.base.n = 1000000", "less than or equal to 1000000"]),
    ({"draws.base.n": 0}, ["draws.base.n = 0", "greater than or equal to 1"]),
    ({"draws.base.n": -5}, ["draws.base.n = -5"]),
    ({"draws.base.temperature": INF}, ["draws.base.temperature = inf", "a finite number"]),
    ({"draws.base.temperature": NAN}, ["draws.base.temperature = nan", "a finite number"]),
    ({"draws.base.temperature": 1e9}, ["draws.base.temperature", "less than or equal to 100"]),
    ({"draws.base.top_p": 0}, ["draws.base.top_p = 0", "greater than 0"]),
    ({"draws.base.top_p": NAN}, ["draws.base.top_p = nan", "a finite number"]),
    ({"draws.base.replicate": -1}, ["draws.base.replicate = -1"]),
    ({"draws.base.replicate": 10**30}, ["draws.base.replicate", "less than or equal to"]),
    ({"seed": -1}, ["seed = -1"]),
    ({"seed": 10**40}, ["seed = 1000", "less than or equal to"]),
    ({"train.grpo.temperature": INF}, ["train.grpo.temperature = inf", "a finite number"]),
    ({"train.grpo.learning_rate": INF}, ["train.grpo.learning_rate = inf", "a finite number"]),
    ({"train.grpo.learning_rate": 50}, ["train.grpo.learning_rate = 50", "less than or equal"]),
    ({"train.grpo.adam_beta2": 1}, ["train.grpo.adam_beta2 = 1", "less than 1"]),
    ({"train.grpo.beta": NAN}, ["train.grpo.beta = nan", "a finite number"]),
    ({"train.grpo.entropy_coef": INF}, ["train.grpo.entropy_coef = inf", "a finite number"]),
    ({"train.grpo.weight_decay": INF}, ["train.grpo.weight_decay = inf", "a finite number"]),
    ({"train.grpo.max_grad_norm": NAN}, ["train.grpo.max_grad_norm = nan", "a finite number"]),
    ({"train.grpo.epsilon": 1.5}, ["train.grpo.epsilon = 1.5", "less than or equal to 1"]),
    ({"train.grpo.rollouts": 10**9}, ["train.grpo.rollouts", "less than or equal to"]),
    ({"train.grpo.algorithm.eps": INF}, ["train.grpo.algorithm.eps = inf", "a finite number"]),
    ({"pretrain.base.learning_rate": NAN}, ["pretrain.base.learning_rate = nan", "finite"]),
    ({"pretrain.base.adam_beta1": 1.0}, ["pretrain.base.adam_beta1 = 1.0", "less than 1"]),
    ({"pretrain.base.corpus.skew": INF}, ["pretrain.base.corpus.skew = inf", "a finite number"]),
    ({"pretrain.base.corpus.noise": NAN}, ["pretrain.base.corpus.noise = nan", "finite"]),
    ({"pretrain.base.architecture.rope_theta": INF}, ["rope_theta = inf", "a finite number"]),
    ({"worlds.train.size": 10**12}, ["worlds.train.size", "less than or equal to 1000000"]),
    ({"worlds.train.skew": NAN}, ["worlds.train.skew = nan", "a finite number"]),
    ({"sampling.block": 10**15}, ["sampling.block", "less than or equal to"]),
    ({"sampling.rows": 0}, ["sampling.rows = 0"]),
    ({"analysis.bootstrap.resamples": 0}, ["analysis.bootstrap.resamples = 0", "100"]),
    ({"analysis.bootstrap.resamples": 10**9}, ["analysis.bootstrap.resamples", "100000"]),
    ({"analysis.bootstrap.level": 1.0}, ["analysis.bootstrap.level = 1.0", "0.999"]),
    ({"analysis.k": [1, 10**30]}, ["analysis.k[1]", "less than or equal to 1000000"]),
    ({"analysis.k": [4, 2]}, ["analysis.k", "ascending"]),
    ({"analysis.k": []}, ["analysis.k", "at least 1 item"]),
    ({"report.panel_width": INF}, ["report.panel_width = inf", "a finite number"]),
    ({"verification.math.timeout": INF}, ["verification.math.timeout = inf", "a finite number"]),
    ({"validation.unknown_at_most": NAN}, ["validation.unknown_at_most = nan", "finite"]),
    # lists that are empty, or name a thing twice
    ({"draws.base.sets": []}, ["draws.base.sets", "at least 1 item"]),
    ({"draws.base.sets": ["hard", "hard"]}, ["draws.base.sets", "names hard twice"]),
    ({"worlds.train.families": ["nested", "nested"]}, ["families", "names nested twice"]),
    ({"pretrain.base.corpus.withheld": ["seven", "seven"]}, ["withheld", "names seven twice"]),
    ({"train.grpo.checkpoints": [30, 30, 90]}, ["checkpoints", "names 30 twice"]),
    ({"train.grpo.checkpoints": [30, 900]}, ["[900] lie beyond steps = 90"]),
    ({"analysis.groups.algorithms": ["grpo", "grpo"]}, ["names grpo twice"]),
    ({"analysis.coverage_excludes": ["a", "a"]}, ["coverage_excludes", "names a twice"]),
    ({"report.comparisons": ["grpo", "grpo"]}, ["report.comparisons", "names grpo twice"]),
    ({"report.sets": ["hard", "hard"]}, ["report.sets", "names hard twice"]),
    ({"report.panels.steps.comparisons": ["grpo", "grpo"]}, ["names grpo twice"]),
    ({"report.panels.steps.comparisons": []}, ["report.panels.steps.comparisons", "at least 1"]),
    ({"report.claims.rl": []}, ["report.claims.rl", "at least 1"]),
    ({"report.claims.rl": ["grpo", "grpo"]}, ["report.claims.rl", "names grpo twice"]),
    ({"rejection_sampling.short.verdicts": []}, ["verdicts", "at least 1"]),
    ({"rejection_sampling.short.verdicts": ["correct", "correct"]}, ["names correct twice"]),
    ({"verification.code.packages": ["numpy", "numpy"]}, ["packages", "names numpy twice"]),
    ({"verification.code.packages": ["numpy; rm"]}, ["packages[0] = 'numpy; rm'"]),
    ({"train.grpo.lora": {"rank": 8, "alpha": 16, "dropout": 1, "targets": ["q_proj"]}},
     ["train.grpo.lora.dropout = 1", "less than 1"]),
    ({"train.grpo.lora": {"targets": ["q_proj", "q_proj"]}}, ["lora.targets", "q_proj twice"]),
    # names
    ({"study": "../other"}, ["study = '../other'"]),
    ({"study": "a" * 300}, ["study", "at most 64"]),
    ({"analysis.comparisons.a/b": {"reference": "base", "candidate": "grpo"}}, ["illegal name"]),
    ({"report.labels.grpo": ""}, ["report.labels.grpo = ''"]),
    ({"report.colours.grpo": "red"}, ["report.colours.grpo = 'red'"]),
    ({"report.palette": []}, ["report.palette", "at least 1"]),
    ({"report.counterparts.algorithms.grpo": "GROP"},
     ["report.counterparts.algorithms.grpo = 'GROP'", "not in the tables of report.published"]),
    ({"report.panels.steps.comparisons": ["gpro"]}, ["did you mean 'grpo'"]),
    # training that cannot be, or that teaches nothing
    ({"train.grpo.minibatches": 7}, ["prompts x rollouts = 256: not divisible"]),
    ({"train.grpo.warmup_updates": 10**6}, ["warmup_updates = 1000000", "below steps x"]),
    ({"train.ppo.algorithm.critic_warmup": 90}, ["critic_warmup = 90", "below steps = 90"]),
    ({"pretrain.base.warmup_steps": 1800}, ["warmup_steps = 1800", "below steps = 1800"]),
    ({"sft.distilled.warmup_steps": 9000}, ["warmup_steps = 9000", "below steps = 600"]),
    ({"pretrain.base.batch": 32001}, ["batch = 32001: larger than its corpus", "32000"]),
    ({"pretrain.base.corpus.levels": [0, 0]}, ["levels: all weights are 0"]),
    ({"pretrain.base.corpus.families": {"nested": 0}}, ["families: all weights are 0"]),
    ({"pretrain.base.corpus.families": {}}, ["pretrain.base.corpus.families", "at least 1"]),
    ({"pretrain.base.corpus.families": {"nested": -1}}, ["families.nested = -1"]),
    ({"pretrain.base.architecture.width": 12}, ["width 12 / heads 4 = 3: must be even"]),
    ({"pretrain.vlm.tokenizer.vocabulary": 260}, ["tokenizer.vocabulary = 260", "at least 263"]),
    ({"pretrain.vlm.tokenizer.chat": False}, ["tokenizer.chat = False", "set it to true"]),
    ({"worlds.outdomain.families": ["repeat"], "worlds.outdomain.levels": [1]},
     ["levels [1]: no family of ['repeat'] has level 1", "begins at 2"]),
    ({"reference_answers.brief": {"set": "hard"}, "sft.distilled.demonstrations": "brief",
      "sft.distilled.batch": 25}, ["sft.distilled.batch = 25", "at most 24"]),
    ({"worlds.distill.size": 2, "sft.instruct.demonstrations": "short"},
     ["sft.instruct.batch = 16", "'short' holds 2 demonstrations at most"]),
    # longer than the model can hold
    ({"draws.base.max_new_tokens": 128},
     ["draws.base.max_new_tokens = 128", "pretrain.base.architecture.context = 128", "below 128"]),
    ({"draws.grpo-distilled.max_new_tokens": 500},
     ["draws.grpo-distilled.max_new_tokens = 500", "pretrain.base.architecture.context"]),
    ({"train.code-grpo.max_new_tokens": 4096},
     ["train.code-grpo.max_new_tokens = 4096", "pretrain.coder.architecture.context = 160"]),
    # samples that are none of their own
    ({"draws.teacher-train.replicate": 0, "draws.teacher-train.sets": ["distill", "trained"]},
     ["the same samples as draws.teacher-train", "replicate"]),
    ({"draws.base.sets": ["train", "trained"]}, ["'train' and 'trained' share problems"]),
    # comparisons and figures
    ({"analysis.comparisons.grpo.candidate": "base"}, ["is its own reference"]),
    ({"analysis.comparisons.llama.candidate": "coder"}, ["have no set in common", "share a set"]),
    ({"headline.math.set": "code-functions"},
     ["headline.math.set = 'code-functions': draw 'base' does not sample it", "indomain"]),
    ({"examples.code.set": "indomain"}, ["examples.code.set = 'indomain'", "does not sample it"]),
    ({"analysis.views": view({"kind": "free_form"}, of="train")},
     ["analysis.views.late.set = 'train': no draw samples it"]),
    ({"report.sets": ["train"]}, ["report.sets = 'train': none of the draws shown samples it"]),
    ({"report.panels.code.sets": ["indomain"]}, ["report.panels.code.sets = 'indomain'"]),
    ({"analysis.k": [512]}, ["analysis.k = [512]", "no k is at most that"]),
    ({"analysis.efficiency_k": 257}, ["analysis.efficiency_k = 257", "at most 256"]),
    ({"analysis.comparisons.code.efficiency_k": 129},
     ["analysis.comparisons.code.efficiency_k = 129", "at most 128"]),
    ({"train": {}, "sft": {}}, ["analysis.questions.training", "there are none"]),
    # sets that are empty
    ({"sets.hard.filters": [{"kind": "date_window", "first": "2024-08-01"}]},
     ["sets.hard.filters: no problem of worlds.hard is left", "{kind: date_window, first: 2024"]),
    ({"sets.hard.filters": [{"kind": "answer_type", "types": ["text"]}]}, ["is left after"]),
    ({"sets.hard.filters": [{"kind": "tagged", "tags": ["level-1"]}]}, ["is left after"]),
    ({"sets.hard.filters": [{"kind": "image_present"}]}, ["is left after {kind: image_present}"]),
    ({"sets.hard.filters": [{"kind": "drop", "indices": list(range(24))}]}, ["is left after"]),
    ({"sets.hard.filters": [{"kind": "drop", "indices": [24]}]}, ["24 is beyond", "size = 24"]),
    ({"sets.hard.filters": [{"kind": "drop"}]}, ["names no problem"]),
    ({"sets.hard.filters": [{"kind": "first", "rows": 0}]}, ["sets.hard.filters[0].rows = 0"]),
    ({"sets.hard.filters": [{"kind": "answer_type", "types": ["number"]}]}, ["'number'"]),
    ({"sets.hard.filters": [{"rows": 3}]}, ["sets.hard.filters[0].kind: missing", "first"]),
    ({"analysis.views": view({"kind": "date_window", "first": "2025-02-01", "last": "2025-01-01"})},
     ["first 2025-02-01 is after last 2025-01-01"]),
    ({"analysis.views": view({"kind": "date_window"})}, ["nothing is bounded"]),
    ({"analysis.views": view({"kind": "date_window", "first": "01.02.2024"})}, ["first"]),
    ({"analysis.views": view({"kind": "tagged", "tags": ["level-9"]})},
     ["analysis.views.late.filters: no problem of worlds.indomain is left"]),
    # samples of others
    ({"imported.x": {}}, ["imported.x.path: missing"]),
    ({"imported.x": {"path": ""}}, ["imported.x.path = ''"]),
    ({"imported.x": {"path": "r", "n": 8}}, ["imported.x.n: unknown key; legal: benchmark"]),
    ({"imported.x": {"path": "r", "format": ""}}, ["imported.x.format = ''"]),
    ({"imported.x": {"path": "r", "files": "a"}}, ["imported.x.files = 'a'", "must be a list"]),
    ({"imported.x": {"path": "r", "models": []}}, ["imported.x.models", "must be a mapping"]),
    ({"imported.x": {"path": "r", "models": {"a/b": {}}}}, ["models.a/b: illegal name"]),
    ({"imported.x": {"path": "r", "models": {"a": {"file": ["b"]}}}},
     ["imported.x.models.a.file: unknown key; did you mean 'files'"]),
    ({"imported.x": {"path": "r", "models": {"a": {"files": ["b", "b"]}}}}, ["names b twice"]),
    ({"imported.x": {"path": "r", "models": {"a": {"stop": [""]}}}}, ["models.a.stop[0] = ''"]),
    ({"imported.x": {"path": "r", "where": ["a=b"]}}, ["imported.x.where", "must be a mapping"]),
    ({"imported.x": {"path": "r", "where": {"a": 1}}}, ["imported.x.where.a = 1", "must be text"]),
    ({"imported.x": {"path": "r", "stop": "Q:"}}, ["imported.x.stop = 'Q:'", "must be a list"]),
    ({"imported.x": {"path": "r", "min_n": 0}}, ["imported.x.min_n = 0", "greater than or equal"]),
    ({"imported.x": {"path": "r", "min_n": "4"}}, ["imported.x.min_n = '4'", "whole number"]),
    ({"imported.x": {"path": "r", "missing": "skip"}}, ["missing = 'skip'", "'unknown', 'wrong'"]),
    ({"imported.x": {"path": "r", "grade_from": "1"}}, ["grade_from = '1'", "must be a number"]),
    ({"imported.x": {"path": "r", "grade_from": NAN}}, ["grade_from = nan", "a finite number"]),
    ({"imported.x": {"path": "r", "columns": {"golds": "a"}}}, ["did you mean 'gold'"]),
    ({"imported.x": {"path": "r", "columns": {"finish_reason": ""}}}, ["finish_reason = ''"]),
    ({"imported.x": {"path": "r", "columns": {"recorded_grade": 7}}}, ["recorded_grade = 7"]),
    ({"imported.x": {"path": "r", "columns": {"gold": "a", "problem": "a"}}},
     ["imported.x.columns: gold = 'a': is the column of problem"]),
    ({"imported.x": {"path": "r", "domain": "chess"}}, ["domain = 'chess'", "code, math, visual"]),
    ({"imported.x": {"path": "r", "domain": "code"}}, ["judged by a benchmark's tests"]),
    ({"imported.x": {"path": "r", "problems": "p",
                     "benchmark": {"source": "math500", "path": "b"}}},
     ["problems = 'p': `benchmark` says what is asked"]),
    # keys that DVC reads from the file
    ({"analysis.k": None, "-": "analysis.k"}, ["analysis.k: missing", "write `k: [1, 2, 4"]),
    ({"-": "sampling"}, ["sampling: missing", "write `sampling: {}` for its defaults"]),
    ({"-": "worlds"}, ["worlds: missing", "write `worlds: {}` where there are none"]),
    ({"-": "analysis.questions"}, ["analysis.questions: missing"]),
    ({"-": "draws.base.sets"}, ["draws.base.sets: missing", "Problem sets to draw on"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def values():
    return read(ROOT / "params.yaml")


def edit(values, changes):
    """A copy of the values with some changed; "-" names a key that is left out."""
    changed = copy.deepcopy(values)
    for key, value in changes.items():
        *parents, last = (value if key == "-" else key).split(".")
        node = changed
        for part in parents:
            node = node.setdefault(part, {})
        if key == "-":
            del node[last]
        else:
            node[last] = value
    return changed


@pytest.mark.parametrize(("changes", "words"), CASES, ids=[str(case[0])[:60] for case in CASES])
def test_nonsense_is_refused_by_key_value_and_what_is_legal(values, changes, words):
    with pytest.raises(ParameterError) as caught:
        validate(edit(values, changes))
    for word in words:
        assert word in str(caught.value)
