"""dvc.lock an entry at a time: the bytes that DVC itself would have written."""

import copy
import datetime
import io

import pytest
from ruamel.yaml import YAML

from passk.pipeline.lock_entries import HEAD, cut, put, split

SHARED = {"name": "grpo", "scale": "group", "steps": [1, 2]}
LONG = "word " * 40
VALUES = (
    {"lr": 1e-05, "big": 1e22, "none": None, "on": True, "word": "on", "date": "2024-08-01"},
    {"date": datetime.date(2024, 8, 1), "text": LONG.strip(), "lines": "a\n\n  b: &id001 \n"},
    {"colon": "foo: &id001 x", "quote": "it's *id001", "empty": {}, "none": [], "é": "é 'x'"},
    {"train": {"a": SHARED, "b": SHARED, "c": {"sets": SHARED["steps"]}}},
    {"draws": [SHARED, [SHARED["steps"], SHARED]], "it's: a key": SHARED, "'": SHARED["steps"]},
    {"pattern": " \\boxed{{answer}}", "hash": "# no comment", "dash": "- x", "star": "*id001"},
)  # fmt: skip


def entry(seed: int) -> dict:
    values = copy.deepcopy(VALUES[seed % len(VALUES)])
    keyed = {f"k{seed}.{key}": value for key, value in values.items()}
    return {
        "cmd": f"python -m passk.pipeline.run sample {seed}",
        "deps": [{"path": "data/x", "hash": "md5", "md5": f"{seed:032x}.dir", "size": seed}],
        "params": {"params.yaml": {"study": "toy", **keyed}},
        "outs": [{"path": f"data/{seed}.parquet", "hash": "md5", "md5": f"{seed:032x}"}],
    }


def printed(stages: dict) -> str:
    """As DVC prints it."""
    from dvc.utils.serialize import dumps_yaml

    return dumps_yaml({"schema": "2.0", "stages": stages})


def by_dvc(text: str, name: str, new: dict) -> str:
    """As DVC updates it: a parse that keeps comments, an update, a print of all."""
    from dvc.utils.serialize import dumps_yaml
    from dvc.utils.serialize._yaml import parse_yaml_for_update

    data = parse_yaml_for_update(text, "dvc.lock") if text else {"schema": "2.0", "stages": {}}
    data["stages"].update({name: new})
    return dumps_yaml(data)


def alone(name: str, new: dict) -> str:
    return printed({name: new}).removeprefix(HEAD)


@pytest.mark.parametrize("new", range(len(VALUES)))
@pytest.mark.parametrize("place", ["first", "middle@a", "last@b-2", "new@c"])
def test_put_writes_what_dvc_writes(place, new):
    text = printed({"first": entry(3), "middle@a": entry(1), "x": entry(4), "last@b-2": entry(3)})
    assert put(text, alone(place, entry(new))) == by_dvc(text, place, entry(new))


def test_a_lock_grown_entry_by_entry_is_dvcs():
    grown = ours = ""
    for seed in [*range(14), 3, 0, 9, 5]:
        name = f"group@item-{seed % 12}"
        grown = by_dvc(grown, name, entry(seed))
        ours = put(ours, alone(name, entry(seed)))
        assert ours == grown
    assert split(ours).keys() == YAML(typ="safe").load(ours)["stages"].keys()


def test_cut_leaves_the_named_entry():
    text = printed({f"s@{i}": entry(i) for i in range(6)})
    whole = YAML(typ="safe").load(text)["stages"]
    for name in whole:
        assert YAML(typ="safe").load(io.StringIO(cut(text, name)))["stages"] == {name: whole[name]}
    assert YAML(typ="safe").load(cut(text, "other")) == {"schema": "2.0", "stages": {}}
    assert cut("", "other") == cut(text, "other")


TEXT = printed({"a": entry(0), "b": entry(1)})


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("  b:\n", "  # a comment\n  b:\n"),
        TEXT + "datasets:\n- name: x\n",
        TEXT.replace(HEAD, "stages:\n"),
        TEXT.replace("  b:\n", "<<<<<<< ours\n  b:\n"),
        TEXT.replace("  b:\n", "  a:\n"),
        TEXT.replace("  b:\n", "  b: # here\n"),
        TEXT.replace("  b:\n", "  ? b\n  :\n"),
        TEXT.rstrip("\n"),
        TEXT.replace("word: on", "word: *id001"),
        "schema: '2.0'\nstages: {}\n",
        HEAD,
    ],
)
def test_another_form_is_dvcs_to_read_and_write(text):
    assert split(text) is None
    assert cut(text, "a") is None
    assert put(text, alone("a", entry(2))) is None
