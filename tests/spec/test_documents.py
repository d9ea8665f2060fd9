"""A value of the wrong kind is told in both languages, never in a library's words."""

from datetime import date
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from amager_eval.errors import SpecError
from amager_eval.spec.documents import parse_document
from amager_eval.wording.faults import said_in


class Page(BaseModel):
    """One key of every kind the documents have."""

    count: Annotated[int, Field(ge=2, lt=9)] = 2
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    kept: bool = True
    day: date = date(2026, 1, 1)
    names: Annotated[tuple[str, ...], Field(min_length=1)] = ("x",)
    more: dict[str, float] = {}
    side: Literal["left", "right"] = "left"
    title: str = ""


@pytest.mark.parametrize(
    ("line", "danish", "english"),
    [
        ('count = "to"', "her skal stå et helt tal", "a whole number is wanted"),
        ("count = 2.5", "her skal stå et helt tal", "a whole number is wanted"),
        ('share = "halv"', "her skal stå et tal", "a number is wanted"),
        ('kept = "måske"', "her skal stå true eller false", "true or false is wanted"),
        ('day = "i går"', "her skal stå en dato", "a date is wanted"),
        ("names = 3", "her skal stå en liste", "a list in square brackets is wanted"),
        ("names = []", "det er for kort; mindst 1", "too short; at least 1"),
        ("more = 3", "her skal stå en tabel", "a table is wanted"),
        ('side = "top"', "et af ordene 'left', 'right'", "one of 'left', 'right' is wanted"),
        ("title = 3", "tekst i anførselstegn", ""),
        ("count = 1", "tallet skal være mindst 2", "must be greater than or equal to 2"),
        ("count = 9", "tallet skal være under 9", "must be less than 9"),
        ("share = 0", "tallet skal være over 0", "must be greater than 0"),
        ("share = 1.5", "tallet må højst være 1", "must be less than or equal to 1"),
    ],
)
def test_each_kind_is_told_in_both_languages(tmp_path, line, danish, english):
    path = tmp_path / "page.toml"
    path.write_text(f"# a page\n{line}\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        parse_document(Page, path)
    (fault,) = caught.value.problems
    told = said_in(fault, "da").message
    assert danish in told
    assert "page.toml, linje 2" in told
    assert english in said_in(fault, "en").message
    assert "Input" not in told + said_in(fault, "en").message


def test_a_line_that_is_no_toml_is_named(tmp_path):
    path = tmp_path / "page.toml"
    path.write_text("count = 2\nshare = = 1\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        parse_document(Page, path)
    (fault,) = caught.value.problems
    assert said_in(fault, "da").message.endswith("linje 2: linjen er ikke gyldig TOML")
