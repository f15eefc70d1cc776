"""Pictures on the page: the visual section, examples with their picture, and the control."""

import base64
import io
import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from PIL import Image

import report_tables as made
from passk.analysis.examples import EXAMPLES
from passk.core.images import encode
from passk.report import examples
from passk.report.claims.judging import judge_claims
from passk.report.entries import ReportedSet
from passk.report.html.images import MOST, SMALL, WIDEST, embed
from passk.report.html.page import render_page
from passk.report.html.sourced_values import SourcedValue, plain
from passk.report.sections import image_ablation, setup
from passk.report.sections.assembly import build_sections, draw_charts, list_charts
from passk.report.summary import curves

CHOICES = ["a <b>", "none of these"]


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def exemplified(*sizes: tuple[int, int]):
    """The study with one example per size of a picture."""
    rows = [
        {"draw": draw, "set": "scenes", "problem_id": f"p{i}", "index": i, "rank": i + 1,
         "question": "How many?", "choices": CHOICES, "image": one.digest, "image_bytes": one.png,
         "c": 3, "n": 256, "verdict": verdict, "reason": "equal", "sample_index": j, "text": "4"}
        for i, one in enumerate(encode(picture(*size, i)) for i, size in enumerate(sizes))
        for draw in ("viewer", "visual-grpo") for j, verdict in enumerate(("correct", "wrong"))
    ]  # fmt: skip
    table = EXAMPLES.check(pl.DataFrame(rows, schema=dict(EXAMPLES.columns), orient="row"))
    return replace(made.seeing(), examples={"visual": table})


@pytest.fixture(scope="module")
def document() -> str:
    context = exemplified((56, 56), (1200, 600))
    return render_page(context, draw_charts(context))


def section_of(text: str, name: str) -> str:
    start = text.index(f'<section id="{name}"')
    return text[start : text.index("</section>", start)]


def shown(uri: str) -> Image.Image:
    image = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    image.load()
    return image


# --------------------------------------------------------------------------------------- pictures


@pytest.mark.parametrize("size", [(1, 1), (56, 56), (112, 40), (WIDEST, 200)])
def test_a_picture_no_larger_than_shown_stays_as_it_is(size):
    original = picture(*size)
    found = embed(encode(original).png)
    assert shown(found.uri).tobytes() == original.tobytes()
    assert found.crisp == (2 * max(size) <= SMALL)  # magnified by whole pixels alone
    assert found.width % size[0] == found.height % size[1] == 0
    assert found.width // size[0] == found.height // size[1] <= MOST


@pytest.mark.parametrize("size", [(1200, 600), (300, 3000), (481, 1), (2000, 2000)])
def test_a_large_picture_is_shrunk_in_proportion_the_same_way_each_time(size):
    png = encode(picture(*size)).png
    found = embed(png)
    assert embed(png) == found
    assert max(found.width, found.height) == WIDEST
    assert shown(found.uri).size == (found.width, found.height)
    assert found.width / found.height == pytest.approx(size[0] / size[1], rel=0.02, abs=1)
    assert not found.crisp
    assert len(found.uri) < 2 * WIDEST * WIDEST * 3


# --------------------------------------------------------------------------------------- examples


def test_examples_show_picture_question_choices_and_both_models(document):
    text = section_of(document, "visual")
    images = re.findall(r"<img[^>]*>", text)
    assert len(images) == 2
    assert 'class="crisp"' in images[0]
    assert 'width="168" height="168" alt="Picture of scenes, problem 0"' in images[0]
    assert 'width="480" height="240"' in images[1]
    assert "class" not in images[1].replace(images[1][images[1].index("src") :], "")
    assert "<li>a &lt;b&gt;</li>" in text
    order = [text.index(f"{d}, {v}: equal") for v in ("correct", "wrong")
             for d in ("viewer", "visual-grpo")]  # fmt: skip
    assert order == sorted(order)
    assert text.index("<img") < text.index("How many?") < order[0]


def test_choices_that_the_question_lists_are_not_listed_again():
    context = exemplified((56, 56))
    table = context.examples["visual"].with_columns(question=pl.lit("Which?\nChoices: a <b>, none"))
    for question, choices in ((table, ()), (context.examples["visual"], tuple(CHOICES))):
        found = examples.show_examples(replace(context, examples={"visual": question}), ["visual"])
        assert found[0].question.choices == choices


def test_the_page_asks_for_nothing_outside_itself(document):
    references = re.findall(r"(?:src|href|action|poster)=\"([^\"]*)\"", document)
    assert all(one.startswith(("#", "data:,", "data:image/png;base64,")) for one in references)


# ------------------------------------------------------------------------------- the whole section


def test_the_section_has_all_that_code_has_and_the_control():
    context = made.seeing()
    found = {
        name: chart for name, chart in list_charts(context).items() if chart.section == "visual"
    }
    assert list(found) == ["visual", "visual-difference", "visual-histogram", "visual-failures"]
    assert all(list(chart.panels) == list(made.SCENES) for chart in found.values())
    by_name = {section.name: section for section in build_sections(context, {})}
    assert "Figure 4 right; Section 3.3" in by_name["visual"].where
    titles = [view.title for view in by_name["visual"].tables]
    assert titles.count("Does it look?") == 1
    columns = [view.columns for view in by_name["visual"].tables if not view.title]
    code = replace(made.coded(), params=made.coded().params.model_copy(update={"counterparts": {}}))
    same = next(s for s in build_sections(code, {}) if s.name == "code")
    assert [[c for c in row if c not in ("coder", "code-grpo")] for row in
            (view.columns for view in same.tables)] == \
        [[c for c in row if c not in ("viewer", "visual-grpo")] for row in columns]  # fmt: skip
    assert "training-visual" in list_charts(
        replace(context, results={**context.results, "training": pl.concat(
            [context.results["training"], made.training(["visual-grpo"], 60)])})
    )  # fmt: skip


# ------------------------------------------------------------------------------------ the control


def test_the_control_stands_beside_its_twin_each_number_with_its_source():
    context = made.seeing()
    view = image_ablation.ablation_table(context)
    rows = [[plain(cell) for cell in row] for row in view.rows]
    assert [row[:2] for row in rows] == [["scenes", "viewer"], ["scenes", "visual-grpo"]]
    assert [row[2][:5] for row in rows] == ["0.200", "0.450"]
    assert [row[3][:5] for row in rows] == ["0.050", "0.060"]
    sources = {p.source.row for cell in view.rows[0] for p in cell if isinstance(p, SourcedValue)}
    assert sources == {
        "pass_at_k draw=viewer set=scenes k=1", "pass_at_k draw=viewer set=scenes-shuffled k=1",
    }  # fmt: skip


def test_a_control_may_be_sampled_by_a_draw_of_its_own_that_differs_in_n_alone():
    context = made.seeing()
    like = made.draw("viewer", [made.CONTROL], n=4, template="image")
    without = replace(context.draws["viewer"], sets=list(made.SCENES))
    table = context.results["pass_at_k"].with_columns(
        draw=pl.when(draw="viewer", set=made.CONTROL).then(pl.lit("blind")).otherwise("draw")
    )
    for other, rows in (
        (like, ["viewer", "visual-grpo"]),
        (replace(like, top_p=1), ["visual-grpo"]),
    ):
        apart = replace(
            context, draws={**context.draws, "viewer": without, "blind": other},
            results={**context.results, "pass_at_k": table},
        )  # fmt: skip
        assert [plain(row[1]) for row in image_ablation.ablation_table(apart).rows] == rows


def test_a_set_of_other_filters_or_source_is_no_twin():
    one = ReportedSet("a", [{"kind": "free_form"}])
    control = replace(one, images="shuffled")
    assert list(image_ablation.twins({"x": one, "y": control})) == [("x", "y")]
    for other in (replace(one, problems="b"), ReportedSet("a"), control):
        assert list(image_ablation.twins({"x": other, "y": control})) == []
    assert list(image_ablation.twins({"x": one})) == []


def test_a_page_without_a_control_says_nothing_of_looking():
    found = next(s for s in build_sections(made.coded(), {}) if s.name == "code")
    assert not any(view.title for view in found.tables)
    assert image_ablation.ablation_table(made.coded()).rows == []


def test_a_control_is_in_no_other_figure_unless_it_is_named():
    context = made.seeing(sets=[])
    assert made.CONTROL in context.sampled("viewer")
    assert made.CONTROL not in context.set_names
    assert made.CONTROL not in context.panel_sets("visual")
    assert made.CONTROL not in {v.set for _, verdicts in judge_claims(context) for v in verdicts}
    assert not [name for name in curves(context) if name.endswith(made.CONTROL)]
    assert made.seeing(sets=[made.CONTROL]).set_names == [made.CONTROL]


# ----------------------------------------------------------------------------------------- filters


def test_filters_say_what_they_were_given_and_kept():
    context = made.seeing()
    cells = {plain(row[0]): row[-1] for row in setup.set_table(context).rows}
    assert plain(cells["scenes"]) == (
        "free form 1000 → 460 (has answer choices); image present 460 → 460"
    )
    assert plain(cells["charts"]) == "none"
    numbers = [part for part in cells["scenes"] if isinstance(part, SourcedValue)]
    assert [number.value for number in numbers] == [1000, 460, 460, 460]
    assert {number.source.row for number in numbers} == {"validation kind=problems"}
    untold = replace(context, validation={})
    assert plain(setup.set_table(untold).rows[-2][-1]) == "2"
