"""The pictures of a whole statement: findings from numbers, nothing where nothing was supplied."""

import re
from itertools import pairwise

import pytest
from PIL import Image

from amager_eval.figures.crime_types import picture_crime_types
from amager_eval.figures.draw import draw, save, save_slide
from amager_eval.figures.part_whole import picture_part_whole
from amager_eval.figures.partner_activities import picture_activities
from amager_eval.figures.probabilities import picture_probabilities
from amager_eval.figures.safety_fan import picture_safety_fan
from amager_eval.figures.safety_history import picture_safety_history
from amager_eval.figures.sensitivity import picture_sensitivity
from amager_eval.figures.standings import picture_standings
from amager_eval.tables.sensitivity import sensitivity_table
from amager_eval.wording.sentences import load_wording

AREAS = ("Amager Partnerskab (2025)", "Amager Øst", "Amager Vest", "København")
WITH_AREAS = (picture_safety_history, picture_safety_fan, picture_probabilities)
WITHOUT = (picture_part_whole, picture_crime_types, picture_activities, picture_sensitivity)


def every(statement, lang):
    words = load_wording(lang)
    pictures = [make(statement, AREAS, words) for make in WITH_AREAS]
    return pictures + [make(statement, words) for make in WITHOUT]


@pytest.fixture(scope="module")
def statement(make_statement):
    return make_statement()


@pytest.mark.parametrize("lang", ["da", "en"])
def test_every_picture_speaks(statement, lang):
    for picture in every(statement, lang):
        assert picture is not None
        assert len(picture.alt) > 40
        assert picture.caption
        assert picture.source.startswith("Kilde: " if lang == "da" else "Source: ")
        assert picture.synthetic
        if lang == "da":  # decimal comma, and a non-breaking space before %
            assert not re.search(r"\d\.\d(?!\d\d)|\d%", picture.title + picture.alt)


@pytest.mark.parametrize(("lang", "said"), [("da", "Antal svar i et år: "), ("en", "Answers in")])
def test_survey_figures_say_their_n(statement, lang, said):
    words = load_wording(lang)
    sizes = {round(statement.facts.respondents("Amager Øst", w).n) for w in (2024, 2025, 2026)}
    made = [make(statement, AREAS, words) for make in WITH_AREAS]
    for caption in (p.caption for p in (*made, picture_part_whole(statement, words))):
        assert said in caption
        stated = re.search(r"Amager Øst (?:ca\. )?([\d.,]+)", caption.split(said)[1])
        assert int(re.sub(r"[.,]", "", stated[1])) <= min(sizes), "the smallest of the waves shown"


def test_nothing_where_nothing_was_supplied(make_statement):
    bare = make_statement(safety=False, crime=False, activities=False)
    assert every(bare, "da") == [None] * 7


@pytest.mark.parametrize(("left_out", "named"), [("crime", "tryghed"), ("safety", "kriminalitet")])
def test_sensitivity_names_the_figures_it_has(make_statement, left_out, named):
    some = make_statement(**{left_out: False})
    source = picture_sensitivity(some, load_wording("da")).source
    assert f"{named}smodellen." in source
    assert ("Tryghedsundersøgelse" in source) is (left_out == "crime")


def test_the_finding_is_computed(statement):
    words = load_wording("da")
    title = picture_safety_history(statement, AREAS, words).title
    safety = statement.data.safety
    row = safety[
        (safety["area"] == "Amager Øst")
        & (safety["setting"] == "neighbourhood")
        & (safety["response"] == "safe")
        & (safety["wave"] == 2026)
    ].iloc[0]
    assert f"Amager Øst {row['percent']:.0f}\u00a0%" in title


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("lang", ["da", "en"])
def test_nothing_lies_outside_the_figure(statement, narrow, lang):
    words = load_wording(lang)
    for picture in every(statement, lang):
        figure = draw(picture, words, narrow=narrow)
        box = figure.get_tightbbox()
        width, height = figure.get_size_inches()
        assert box.x0 >= 0, picture.id
        assert box.y0 >= 0, picture.id
        assert box.x1 <= width, picture.id
        assert box.y1 <= height, picture.id
        assert numbers_stand_apart(figure), picture.id


def numbers_stand_apart(figure):
    """Whether no number of a lower axis runs into the next, as the layout placed them."""
    rows = [
        [
            tick.label1.get_window_extent()
            for tick in ax.xaxis.get_major_ticks()
            if tick.label1.get_visible()
            and tick.label1.get_text()
            and ax.get_xlim()[0] <= tick.get_loc() <= ax.get_xlim()[1]
        ]
        for ax in figure.axes
    ]
    return all(left.x1 < right.x0 for boxes in rows for left, right in pairwise(boxes))


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("own_area", [False, True])
def test_numbers_below_page_ones_picture_stand_apart(make_statement, own_area, narrow):
    words = load_wording("da")
    picture = picture_standings(make_statement(own_area=own_area), words)
    assert numbers_stand_apart(draw(picture, words, narrow=narrow))


def test_direct_labels_do_not_overlap(statement):
    words = load_wording("da")
    figure = draw(picture_safety_fan(statement, AREAS, words), words)
    figure.draw_without_rendering()
    for ax in figure.axes:
        boxes = sorted((t.get_window_extent() for t in ax.texts), key=lambda b: b.y0)
        for lower, upper in pairwise(boxes):
            assert upper.y0 >= lower.y1 - 2.5


def test_saved_alike_twice(statement, tmp_path):
    words = load_wording("da")
    picture = picture_part_whole(statement, words)
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    for one, other in zip(save(picture, words, first), save(picture, words, second), strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_a_slide_is_one_message_in_a_slides_shape(statement, tmp_path):
    words = load_wording("da")
    picture = picture_part_whole(statement, words)
    svg, png = save_slide(picture, words, tmp_path)
    with Image.open(png) as drawn:
        assert drawn.size[0] == 1920
        assert drawn.size[0] / drawn.size[1] == pytest.approx(16 / 9, abs=0.01)
    assert picture.title.split()[0] in svg.read_text(encoding="utf-8")


def test_the_citys_total_is_not_called_by_the_goals_name(statement):
    words = load_wording("da")  # the statistics bank's total is not the goal's own series
    alt = picture_sensitivity(statement, words).alt
    assert "København: højst som i 2024, Anmeldelser i alt" in alt
    assert statement.agreement.crime.label("total", "da") not in alt
    tried = sensitivity_table(statement, words).frame
    assert "Anmeldelser i alt" in set(tried["part"])


def test_the_caption_says_how_many_answers(statement):
    words = load_wording("da")
    caption = picture_safety_history(statement, AREAS, words).caption
    assert re.search(r"Antal svar i et år: Amager Øst ca\. \d", caption)
    assert caption.count("København ca.") == 1
