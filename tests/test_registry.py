"""Registries: built-in names are lazy, packages add theirs, unknown names are explained."""

import sys

import pytest

from passk.core.registry import Registry, UnknownNameError


@pytest.fixture
def brought(tmp_path, monkeypatch):
    """An installed package that brings one thing, and one under a built-in name."""
    (tmp_path / "toy_package.py").write_text("THING = 'toy'\n")
    info = tmp_path / "toy_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[passk.things]\ntoy = toy_package:THING\npi = toy_package:THING\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


def things():
    return Registry("thing", "passk.things", {"pi": "math:pi", "broken": "no_such_module:X"})


def test_a_built_in_thing_is_imported_when_asked_for_and_not_before():
    sys.modules.pop("no_such_module", None)
    assert things()["pi"] == pytest.approx(3.14159, abs=1e-5)  # `broken` was not looked at
    assert list(things()) == ["pi", "broken"]


@pytest.mark.usefixtures("brought")
def test_an_installed_package_adds_to_it_but_replaces_nothing():
    assert things()["toy"] == "toy"
    assert list(things()) == ["pi", "broken", "toy"]
    assert things()["pi"] != "toy"


def test_an_unknown_name_is_answered_with_the_legal_ones():
    with pytest.raises(UnknownNameError, match=r"thing 'p' is unknown; .*legal: broken, pi"):
        things()["p"]
    assert "p" not in things()
