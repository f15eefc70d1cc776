"""`import passk`: a small public interface that costs nothing until it is used."""

import doctest
import subprocess
import sys

import polars as pl
import pytest

import passk
from passk.core.schemas.counts import COUNTS


def test_the_examples_of_the_public_interface_are_true():
    for module in (passk, sys.modules[passk.judge.__module__]):
        results = doctest.testmod(module)
        assert results.attempted
        assert not results.failed


def test_import_loads_nothing_but_itself():
    script = (
        "import sys; before = set(sys.modules); import passk; "
        "new = set(sys.modules) - before; "
        "print([n for n in new if n.partition('.')[0] not in sys.stdlib_module_names])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['passk']"


def test_every_public_name_is_there_and_documented():
    assert set(passk.__all__) == set(passk._MODULES)
    for name in passk.__all__:
        assert getattr(passk, name).__doc__
        assert f"`{name}`" in passk.__doc__
        assert name in dir(passk)


def test_an_unknown_name_gives_the_legal_ones():
    with pytest.raises(AttributeError, match=r"no attribute 'pas_at_k'; public: .*pass_at_k"):
        _ = passk.pas_at_k


def test_judging_of_an_unknown_domain_gives_the_legal_ones():
    with pytest.raises(ValueError, match="did you mean 'math'"):
        passk.judge(["1"], ["1"], domain="maths")
    with pytest.raises(ValueError, match="1 golds for 2 responses"):
        passk.judge(["1"], ["1", "2"])


def test_judging_needs_no_torch():
    script = (
        "import sys, passk; passk.judge(['1'], [r'\\boxed{1}']); "
        "print(sorted({'torch', 'transformers', 'duckdb', 'mlflow'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_table_of_a_study_is_read_and_another_is_refused(tmp_path):
    path = tmp_path / "counts.parquet"
    values = {name: ["x"] if kind == pl.String() else [1] for name, kind in COUNTS.columns.items()}
    COUNTS.write(pl.DataFrame(values), path)
    assert passk.read_counts(str(path)).height == 1
    with pytest.raises(ValueError, match="this code reads samples"):
        passk.read_samples(path)
    with pytest.raises(ValueError, match="no such file"):
        passk.read_verdicts(tmp_path / "none.parquet")
