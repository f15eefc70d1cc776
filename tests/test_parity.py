"""What is compared is asked and decoded alike, or says in what it is not; the sheet shows it."""

import copy

import pytest
from tests.conftest import ROOT

from passk.config.composition import compose_sources
from passk.config.composition_sources import Sources, read_sources, shipped_folder
from passk.config.study import validate
from passk.core.yaml_files import ParameterError, read
from passk.report.context import ReportContext
from passk.report.entries import ReportedDraw
from passk.report.html.sourced_values import to_text
from passk.report.sections.parity import tabulate_parity
from passk.report.settings import ReportSettings

SMOKE = shipped_folder() / "smoke" / "study.yaml"


@pytest.fixture(scope="module")
def smoke():
    sources = read_sources(SMOKE)
    return compose_sources(sources, SMOKE)


@pytest.mark.parametrize(
    ("aspect", "value"),
    [("template", "verl"), ("temperature", 0.8), ("top_p", 0.5), ("max_new_tokens", 20),
     ("stop", ["Q:"]), ("template_options", {"enable_thinking": False})],
)  # fmt: skip
def test_a_comparison_of_draws_made_unlike_is_refused_unless_it_says_so(smoke, aspect, value):
    values = copy.deepcopy(smoke)
    name, compared = next(iter(values["analysis"]["comparisons"].items()))
    values["draws"][compared["candidate"]][aspect] = value
    with pytest.raises(ParameterError, match=rf"analysis\.comparisons\.{name}: .*not made alike"):
        validate(values)
    for entry in values["analysis"]["comparisons"].values():
        if compared["candidate"] in entry.values():
            entry["differs"] = [aspect]
    assert validate(values).analysis.comparisons[name].differs == [aspect]


def test_a_difference_that_is_none_is_refused(smoke):
    values = copy.deepcopy(smoke)
    name = next(iter(values["analysis"]["comparisons"]))
    values["analysis"]["comparisons"][name]["differs"] = ["template"]
    with pytest.raises(ParameterError, match=r"differs: template is the same in both draws"):
        validate(values)


def test_several_templates_for_one_base_are_a_small_grid():
    sources = read_sources(SMOKE)
    values = copy.deepcopy(sources.values)
    values["draws"]["base-{template}"] = {
        "each": {"template": ["verl", "simplerl-abel"]}, "like": "base", "template": "{template}",
    }  # fmt: skip
    values["analysis"]["comparisons"]["base-{template}"] = {
        "each": {"template": ["verl", "simplerl-abel"]}, "reference": "base",
        "differs": ["template"],
    }  # fmt: skip
    composed = compose_sources(Sources(values, sources.digests), SMOKE)
    assert composed["draws"]["base-simplerl-abel"]["template"] == "simplerl-abel"
    assert composed["analysis"]["comparisons"]["base-verl"]["differs"] == ["template"]


def test_the_sheet_shows_each_side_and_what_differs():
    params = read(ROOT / "params.yaml")
    analysis = validate(params).analysis.model_copy(update={"comparisons": {}})
    comparison = type(validate(params).analysis.comparisons[
        next(iter(params["analysis"]["comparisons"]))
    ])  # fmt: skip
    compared = comparison(reference="base", candidate="rl", differs=["template"])
    common = {"sets": ("s",), "n": 8, "temperature": 0.6, "top_p": 0.95, "max_new_tokens": 99}
    context = ReportContext(
        params=ReportSettings(), analysis=analysis, results={},
        draws={
            "base": ReportedDraw(model="base", template="verl", stop=("User:",), **common),
            "rl": ReportedDraw(model="rl", template="simplerl",
                               template_options={"chat_template": "chatml"}, **common),
        },
    )  # fmt: skip
    table = tabulate_parity(context, {"c": compared})
    base, rl = ([to_text(cell) for cell in row] for row in table.rows)
    assert base[2:4] == ["verl", "arXiv 2504.13837, figure 27: the study of algorithms on "
                         "Omni-MATH and MATH500"]  # fmt: skip
    assert base[4:6] == ["plain text", "the model's ends, 'User:'"]
    assert rl[4:6] == ["chat template chatml", "the model's ends and what closes a turn"]
    assert rl[6] == "temperature 0.6, top-p 0.95"
    assert "8 samples, up to 99 tokens" in rl[8]
    assert rl[-1] == "prompt, source of the prompt, markup, ends"
