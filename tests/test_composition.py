"""`study.yaml`: grids, defaults, repeats and what follows; params.yaml, and whether both agree."""

import re

import pytest
from ruamel.yaml import YAML
from tests.conftest import ROOT

from passk.config.composition import check_composed, compose, compose_text
from passk.config.composition_entries import fill
from passk.config.composition_sources import list_shipped, merge, read_sources, shipped_folder
from passk.config.study import validate
from passk.core.yaml_files import ParameterError, read

yaml = YAML(typ="safe", pure=True)


@pytest.fixture
def study(tmp_path):
    """Composes a text that extends the smoke study."""

    def composed(text, extends="smoke"):
        path = tmp_path / "study.yaml"
        path.write_text(f"extends: {extends}\n{text}")
        return compose(path)

    return composed


# ------------------------------------------------------------------------------- shipped studies


@pytest.mark.parametrize("name", list_shipped())
def test_a_shipped_study_reads_as_it_was_composed(name):
    folder = shipped_folder() / name
    values = compose(folder / "study.yaml")
    text = compose_text(folder)
    assert yaml.load(text) == values
    assert not re.search(r"(?m)^[^#\n]*(<<:|: [&*]\w)", text), "no anchors"
    assert validate(yaml.load(text)) == validate(values)


def test_the_default_study_is_composed():
    assert check_composed(ROOT).edited == ()
    assert (ROOT / "params.yaml").read_text() == compose_text(ROOT)


@pytest.mark.parametrize(
    ("path", "lines"),
    [("study.yaml", 350), ("studies/full/study.yaml", 25), ("studies/imported/study.yaml", 30)],
)
def test_what_people_write_is_short(path, lines):
    assert len((ROOT / path).read_text().splitlines()) <= lines


def test_the_full_study_is_the_default_one_with_repeats():
    full, default = (compose(shipped_folder() / n / "study.yaml") for n in ("full", "miniature"))
    seeds = ("base-s1", "base-s2", "grpo-s1", "grpo-s2", "distilled-s1", "distilled-s2")
    models = [{**s["pretrain"], **s["train"], **s["sft"]} for s in (full, default)]
    assert set(models[0]) - set(models[1]) == set(seeds)
    assert {name: models[0][name]["train_seed"] for name in seeds} == {n: int(n[-1]) for n in seeds}
    assert full["train"]["grpo-s2"]["start"] == "base-s2"
    assert full["analysis"]["comparisons"]["grpo-s1"] == {
        "reference": "base-s1", "candidate": "grpo-s1",
    }  # fmt: skip
    assert full["draws"]["grpo-120"]["model"] == "grpo/step-120"
    assert "grpo-30" not in full["draws"]


def declared_keys():
    """Keys of params.yaml that dvc.yaml names; `*` stands for an item."""
    for stage in yaml.load(ROOT / "dvc.yaml")["stages"].values():
        group, body = stage.get("foreach", ""), stage.get("do", stage)
        if isinstance(group, str) and group:
            yield (section := group.strip("${}"))
            for item in re.findall(r"\$\{item\.(\w+)\}", str(body)):
                yield f"{section}.*.{item}"
        for key in body.get("params", []):
            if isinstance(key, str) and "item" not in key:
                yield key.replace("${key}", "*")


@pytest.mark.parametrize("name", list_shipped())
def test_every_key_that_dvc_reads_is_stated(name):
    values = compose(shipped_folder() / name / "study.yaml")
    for key in declared_keys():
        nodes = [values]
        for part in key.split("."):
            assert part == "*" or all(part in node for node in nodes), key
            nodes = [v for n in nodes for v in (n.values() if part == "*" else [n[part]])]


# ------------------------------------------------------------------------------------- the form


def test_mappings_merge_and_another_name_is_another_thing():
    base = {"a": {"name": "grpo", "eps": 1}, "b": {"x": 1, "y": [1, 2]}}
    assert merge(base, {"b": {"y": [3]}}) == {"a": base["a"], "b": {"x": 1, "y": [3]}}
    assert merge(base, {"a": {"name": "rloo"}})["a"] == {"name": "rloo"}
    assert merge(base, {"a": {"name": "grpo", "eps": 2}})["a"] == {"name": "grpo", "eps": 2}
    assert base == {"a": {"name": "grpo", "eps": 1}, "b": {"x": 1, "y": [1, 2]}}


def test_a_placeholder_alone_keeps_its_type_and_names_hold_no_dot():
    values = {"t": 0.2, "n": 3}
    assert fill({"{n}": ["{t}", "d-{t}", "{u}"]}, values) == {3: [0.2, "d-0_2", "{u}"]}
    assert fill({"label": "at {t}"}, values) == {"label": "at 0.2"}


def test_a_grid_crosses_its_values_and_leaves_out_what_stands_by_itself(study):
    got = study("""
draws:
  "{model}-t{t}":
    each: {model: [base, grpo], t: [0.2, 1.0]}
    like: "{model}"
    temperature: "{t}"
    label: "{model.label} at {t}"
  grpo-t1_0: {like: grpo, temperature: 1.0, n: 9}
analysis:
  comparisons:
    "grpo-t{t}": {each: {t: [0.2, 1.0]}}
    "warm-t{t}": {each: {t: [0.2, 1.0]}, candidate: "grpo-t{t}", reference: base, group: warm,
      differs: [temperature]}
""")
    names = [name for name in got["draws"] if "-t" in name]
    assert names == ["base-t0_2", "base-t1_0", "grpo-t0_2", "grpo-t1_0"]
    assert got["draws"]["base-t0_2"]["model"] == "base"
    assert got["draws"]["grpo-t1_0"]["n"] == 9
    assert got["draws"]["grpo-t0_2"] == {
        **got["draws"]["grpo"], "temperature": 0.2, "model": "grpo/step-4",
    }  # fmt: skip
    # The reference is drawn as the candidate is.
    assert got["analysis"]["comparisons"]["grpo-t0_2"]["reference"] == "base-t0_2"
    assert got["analysis"]["groups"] == {"warm": ["warm-t0_2", "warm-t1_0"]}
    assert got["report"]["labels"]["grpo-t0_2"] == "GRPO at 0.2"


def test_a_grid_over_mappings_brings_keys_and_over_a_section_takes_its_names(study):
    got = study("""
train:
  "{algorithm}-{seed}":
    each:
      algorithm: {rl: {algorithm: {name: rloo}, label: RLOO}, dr: {algorithm: {scale: none}}}
      seed: [7]
    train_seed: "{seed}"
draws:
  "{arm}-again": {each: {arm: train}, model: "{arm}", sets: [indomain], replicate: 1}
""")
    assert list(got["train"])[-2:] == ["rl-7", "dr-7"]
    assert got["train"]["rl-7"]["algorithm"] == {"name": "rloo"}
    assert got["train"]["dr-7"]["algorithm"] == {"name": "grpo", "scale": "none"}
    assert got["draws"]["rl-7-again"]["model"] == "rl-7/step-2"
    assert got["report"]["labels"]["rl-7"] == "RLOO"
    assert {f"{arm}-again" for arm in got["train"]} <= set(got["draws"])


def test_three_seeds_from_one_base_and_three_bases_are_three_lines(study):
    got = study("""
repeats:
- {seeds: [1, 2], of: [grpo, visual-grpo], label: "{name.label}, seed {seed}"}
- {seeds: [1, 2], of: [base, grpo], as: "{name}-b{seed}"}
- {replicates: [5], of: [base]}
""")
    assert [n for n in got["train"] if n.startswith("grpo")] == [
        "grpo", "grpo-s1", "grpo-s2", "grpo-b1", "grpo-b2",
    ]  # fmt: skip
    assert got["train"]["grpo-s2"]["start"] == "base"
    assert got["train"]["grpo-b2"]["start"] == "base-b2"
    assert got["draws"]["grpo-b1"]["model"] == "grpo-b1/step-4"
    comparisons = got["analysis"]["comparisons"]
    assert comparisons["grpo-s1"] == {"reference": "base", "candidate": "grpo-s1"}
    assert comparisons["grpo-b1"] == {"reference": "base-b1", "candidate": "grpo-b1"}
    assert got["draws"]["base-r5"] == {**got["draws"]["base"], "replicate": 5}
    assert got["report"]["labels"]["grpo-s1"] == "GRPO, seed 1"


def test_drop_takes_away_and_values_move_all_that_names_them(study, tmp_path):
    (tmp_path / "mine.yaml").write_text("""
extends: smoke
values: {late: 4, early: 2}
train: {grpo: {checkpoints: ["{early}", "{late}"], steps: "{late}"}}
draws: {"grpo-{early}": {}}
""")
    got = study("values: {early: 3}\ndrop: [train.ppo]\n", extends="mine.yaml")
    assert got["draws"]["grpo-3"]["model"] == "grpo/step-3"
    assert "ppo" not in got["train"]
    names = list(read_sources(tmp_path / "study.yaml").digests)
    assert names == ["study.yaml", "mine.yaml", "smoke"]


FAULTS = {
    "unknown study": ("extends: smok\n", "extends = 'smok'", "did you mean 'smoke'"),
    "itself": ("extends: study.yaml\n", "extends itself", "remove one"),
    "unknown key": ("extends: smoke\ndraw: {}\n", "draw: unknown key", "did you mean 'draws'"),
    "nothing to drop": ("extends: smoke\ndrop: [train.pop]\n", "'train.pop'", "did you mean 'ppo'"),
    "unfilled name": ('extends: smoke\ndraws: {"{x}-y": {}}\n', "{x}", "under `each`"),
    "unfilled label": ('extends: smoke\nsets: {train: {label: "{x}"}}\n', "label", "{x}"),
    "strange placeholder": (
        'extends: smoke\ndraws: {"{model}": {each: {modl: [base]}}}\n',
        "draws.{model}.each.modl", "did you mean 'model'",
    ),
    "no list": ('extends: smoke\ndraws: {"{m}": {each: {m: 3}}}\n', "each.m = 3", "legal: a list"),
    "twice": (
        'extends: smoke\ndraws: {"{m}": {each: {m: [ppo]}}, "{k}": {each: {k: [ppo]}}}\n',
        "'ppo'", "rename one",
    ),
    "like nothing": ("extends: smoke\ndraws: {x: {like: bas}}\n", "draws.x.like", "did you mean"),
    "like itself": (
        "extends: smoke\nsets: {a: {like: b}, b: {like: a}}\n", "like = ", "state its keys"
    ),
    "no model": ("extends: smoke\ndraws: {grp: {}}\n", "draws.grp.model", "did you mean 'grpo'"),
    "no draw": (
        "extends: smoke\nanalysis: {comparisons: {ppo: {}}}\n", "comparisons.ppo.candidate", "legal"
    ),
    "no start": (
        "extends: smoke\nanalysis: {comparisons: {base: {}}}\n", "reference: missing", "name a draw"
    ),
    "nothing to repeat": (
        "extends: smoke\nrepeats: [{seeds: [1], of: [grp]}]\n", "repeats[0].of = 'grp'", "'grpo'"
    ),
    "seed 0": ("extends: smoke\nrepeats: [{seeds: [0], of: [grpo]}]\n", "seeds = [0]", "from 1"),
    "an orphan draw": (
        "extends: smoke\ndraws: {again: {model: base}}\nrepeats: [{seeds: [1], of: [again]}]\n",
        "'again' samples 'base'", "name that model too",
    ),
    "two labels": (
        "extends: smoke\ndraws: {grpo: {label: Other}}\n", "draws.grpo.label", "state it once"
    ),
    "illegal": ("extends: smoke\ndefaults: {draws: {top_p: 2}}\n", "draws.base.top_p = 2", "1"),
    "values are a number": ("extends: smoke\nvalues: 3\n", "values = 3", "legal: a mapping"),
    "values are 0": ("extends: smoke\nvalues: 0\n", "values = 0", "legal: a mapping"),
    "a value for a key": (
        "extends: smoke\nvalues: {m: [1]}\nreport: {labels: {'{m}': x}}\n", "{m} = [1]", "legal"
    ),
    "defaults are a list": ("extends: smoke\ndefaults: [1]\n", "defaults = [1]", "SECTION"),
    "defaults of a number": (
        "extends: smoke\ndefaults: {3: {}}\n", "defaults.3", "legal: analysis"
    ),
    "defaults of draws are a number": (
        "extends: smoke\ndefaults: {draws: 3}\n", "defaults.draws = 3", "legal: a mapping"
    ),
    "defaults of sets are a list": (
        "extends: smoke\ndefaults: {sets: [x]}\n", "defaults.sets = ['x']", "legal: a mapping"
    ),
    "a section is an empty list": ("extends: smoke\ndraws: []\n", "draws = []", "NAME: {KEY"),
    "groups are a list": (
        "extends: smoke\nanalysis: {groups: [a]}\n", "analysis.groups = ['a']", "GROUP: ["
    ),
    "labels are a list": (
        "extends: smoke\nreport: {labels: [a]}\n", "report.labels = ['a']", "NAME: TEXT"
    ),
    "like a list": (
        "extends: smoke\ndraws: {base: {like: [x]}}\n", "draws.base.like = ['x']", "legal: base"
    ),
    "a grid's keys are a number": (
        'extends: smoke\ndraws: {"{m}": {each: {m: {base: 3}}}}\n', "each.m.base = 3",
        "legal: a mapping",
    ),
    "repeats of a mapping": (
        "extends: smoke\nrepeats: [{replicates: [1], of: [{a: 1}]}]\n",
        "repeats[0].of = {'a': 1}", "legal: base",
    ),
    "a replicate of imported samples": (
        "extends: imported\nrepeats: [{replicates: [1], of: [example]}]\n",
        "repeats[0].of = 'example'", "the same ones again", "under another name",
    ),
    "another replicate of imported samples by hand": (
        "extends: imported\ndraws: {again: {like: example, replicate: 1}}\n",
        "draws.again.replicate = 1", "'example' on 'example' as draws.example", "another name",
    ),
    "drop is a text": (
        "extends: smoke\ndrop: draws.base\n", "drop = 'draws.base'", "a list of dotted keys",
        "write `drop: [draws.base]`",
    ),
    "a candidate is a list": (
        "extends: smoke\nanalysis: {comparisons: {grpo: {candidate: [a]}}}\n",
        "comparisons.grpo.candidate = ['a']", "legal: base",
    ),
    "checkpoints are a number": (
        "extends: smoke\ntrain: {grpo: {checkpoints: 3}}\n", "train.grpo.checkpoints", "a list"
    ),
    "no section": ("extends: smoke\ndefaults: {report: {}}\n", "defaults.report", "legal"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_key_and_a_remedy(fault, tmp_path):
    text, *parts = FAULTS[fault]
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(ParameterError) as caught:
        compose(path)
    message = str(caught.value)
    assert "study.yaml" in message
    for part in parts:
        assert part in message


# ---------------------------------------------------------------- whether both files still agree


@pytest.fixture
def composed(tmp_path):
    (tmp_path / "study.yaml").write_text("extends: smoke\ndefaults: {draws: {n: 8}}\n")
    (tmp_path / "params.yaml").write_text(compose_text(tmp_path))
    return tmp_path


def rewrite(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_comments_and_layout_of_either_file_count_for_nothing(composed):
    rewrite(composed / "study.yaml", "extends: smoke", "# like smoke\nextends:   smoke")
    values = read(composed / "params.yaml")
    head = [li for li in (composed / "params.yaml").read_text().splitlines() if li[:2] == "# "]
    with (composed / "params.yaml").open("w") as out:
        out.write("\n".join(head) + "\n")
        YAML(typ="safe", pure=True).dump(values, out)
    assert check_composed(composed).edited == ()


def test_an_edit_by_hand_is_accepted_and_named(composed):
    rewrite(composed / "params.yaml", "seed: 2025", "seed: 2026")
    state = check_composed(composed)
    assert state.edited == ("seed",)
    assert state.note == (
        "params.yaml was edited since it was composed: seed differs from study.yaml"
    )


def test_stating_a_default_is_no_edit(composed):
    rewrite(composed / "params.yaml", "\nsampling:\n", "\nsampling:\n  rows: 128\n")
    assert check_composed(composed).edited == ()


def test_a_study_that_means_something_else_is_refused_with_the_command(composed):
    rewrite(composed / "study.yaml", "n: 8", "n: 16")
    with pytest.raises(
        ParameterError, match=r"study\.yaml changed .*draws\.base\.n.*passk compose"
    ):
        check_composed(composed)


def test_keys_of_several_kinds_are_an_edit_and_no_traceback(composed):
    rewrite(composed / "params.yaml", "\nsampling:", "\n3: x\nsampling:")
    assert "3" in check_composed(composed).edited


def test_an_empty_drop_drops_nothing(study):
    assert study("drop:\n") == study("")


def test_a_study_without_study_yaml_agrees_with_itself(tmp_path):
    assert check_composed(tmp_path).note == ""
