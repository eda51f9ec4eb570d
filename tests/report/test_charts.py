"""Charts: every point where it belongs, nothing outside the picture, whatever the numbers."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyproof.publication.report.charts import HEIGHT, WIDTH, Line, line_chart
from report.pages import Page

VALUES = st.lists(
    st.one_of(st.none(), st.fractions(0, 10**40, max_denominator=10**30), st.sampled_from([Fraction(0), Fraction(1)])),
    min_size=1,
    max_size=30,
)


def chart(values: list[Fraction | None], **more: object) -> str:
    places = [f"place {index}" for index in range(len(values))]
    return line_chart("c", "Title", "Description", places, [Line("line", tuple(values), "first")], **more)  # type: ignore[arg-type]


@given(VALUES, st.booleans())
def test_every_point_is_inside_and_higher_values_are_higher(values: list[Fraction | None], marked: bool) -> None:
    drawn = chart(values, mark=(Fraction(100), "required") if marked else None)
    known = [value for value in values if value is not None]
    if not known:
        assert drawn == ""
        return
    page = Page(drawn)
    assert page.faults == []
    points = page.all("circle")
    assert len(points) == len(known)
    heights = [float(point["cy"]) for point in points]
    assert all(
        0 < float(point["cx"]) < WIDTH and 0 < height < HEIGHT for point, height in zip(points, heights, strict=True)
    )
    for (one, its), (other, their) in zip(
        zip(known, heights, strict=True), zip(known[1:], heights[1:], strict=True), strict=False
    ):
        assert one == other or abs(its - their) < 0.02 or (one < other) == (its > their)
    ticks = [text for text in page.all("text") if text.get("class") == "tick"]
    assert 3 <= len(ticks) <= 20


def test_a_gap_is_not_joined() -> None:
    drawn = chart([Fraction(1), Fraction(2), None, Fraction(3), Fraction(4)])
    assert len(Page(drawn).all("polyline")) == 2
    alone = chart([Fraction(1), None, Fraction(3)])
    assert Page(alone).all("polyline") == []
    assert len(Page(alone).all("circle")) == 2


def test_axis_labels_are_round_and_differ() -> None:
    for low, high in ((99, 101), (0, 1), (1, 10**12), (1000, 1001), (100, 100)):
        drawn = chart([Fraction(low), Fraction(high)])
        labels = re.findall(r'text-anchor="end">([^<]+)<', drawn)
        assert len(set(labels)) == len(labels) >= 2, labels


def test_series_differ_in_more_than_colour() -> None:
    lines = [Line("owed", (Fraction(1), Fraction(2)), "second"), Line("held", (Fraction(2), Fraction(3)), "first")]
    page = Page(line_chart("c", "t", "d", ["a", "b"], lines))
    assert len(page.all("rect")) == len(page.all("circle")) == 2
    assert "owed" in page.words
    assert "held" in page.words


@pytest.mark.parametrize("text", ["<b>", '"', "&", "</svg><script>"])
def test_texts_are_escaped(text: str) -> None:
    drawn = line_chart(
        text, text, text, [text], [Line(text, (Fraction(1),), "first")], unit=text, mark=(Fraction(2), text)
    )
    page = Page(drawn)
    assert page.faults == []
    assert {tag for tag, _ in page.elements} <= {"svg", "title", "desc", "line", "text", "circle"}
    assert text in page.words


def test_no_more_places_are_named_than_have_room() -> None:
    drawn = chart([Fraction(value) for value in range(1, 61)])
    assert len(re.findall("place", drawn)) <= 5
    assert "place 59" in drawn
