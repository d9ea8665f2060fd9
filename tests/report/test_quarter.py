"""The working group's page: signals, no judgement, nothing small shown, in one page."""

import re
from dataclasses import replace

import pandas as pd
import pikepdf
import pytest

from amager_eval.data.input import Input
from amager_eval.errors import InputError
from amager_eval.evaluation.quarter import quarter_chart
from amager_eval.report.document import Figure, Paragraph
from amager_eval.report.quarter import compose_quarter, write_quarter
from amager_eval.spec.agreement import load_agreement
from amager_eval.wording.sentences import load_wording

AGREEMENT = load_agreement()
AREA = AGREEMENT.areas.evaluated.names[0]
SEASON = (0.7, 1.1, 1.3, 0.9)


def police(change=None, *, levels=None):
    """Quarters to 2026K3: the total (shown by years alone), a goal's type, a monitored one."""
    levels = levels or {"total": 220.0, "tyveri/røveri": 60.0, "hærværk": 34.0}
    rows = [
        (AREA, f"{y}K{q}", kind, (change or {}).get((kind, f"{y}K{q}"), round(level * s)),
         "borgervendt")
        for kind, level in levels.items()
        for y in range(2016, 2027)
        for q, s in enumerate(SEASON, start=1)
        if (y, q) <= (2026, 3)
    ]  # fmt: skip
    crime = pd.DataFrame(rows, columns=["area", "period", "crime_type", "count", "definition"])
    people = pd.DataFrame(
        [(AREA, str(y), 21_000.0) for y in range(2016, 2028)],
        columns=["area", "period", "population"],
    )
    return Input(crime=crime.astype({"count": float}), population=people, synthetic=True)


def lead(data, lang="da"):
    document = compose_quarter(
        quarter_chart(data, AGREEMENT), AGREEMENT, load_wording(lang), synthetic=True
    )
    (said,) = [b.picture.title for b in document.blocks if isinstance(b, Figure)]
    assert not any(isinstance(b, Paragraph) and said in b.text for b in document.blocks)  # once
    return said


def test_an_ordinary_quarter_says_so():
    assert lead(police()).startswith("3. kvartal 2026: ingen af de 2 gerningstyper")


def test_a_quarter_out_of_the_ordinary_is_named_with_what_was_expected():
    said = lead(police({("hærværk", "2026K3"): 110}))
    assert re.search(r"hærværk ligger uden for almindelige udsving \(110 anmeldelser, ventet 4\d\)",
                     said)  # fmt: skip
    assert "1 af 2 gerningstyper ligger inden for" in said


def test_small_quarters_are_not_shown():
    data = police(levels={"total": 220.0, "hærværk": 34.0, "indbrud": 4.0})
    chart = quarter_chart(data, AGREEMENT)
    small = chart[chart["crime_type"] == "indbrud"]
    assert not small["period"].astype(str).str.contains("K").any()


def test_nothing_to_chart_is_told():
    data = replace(police(), crime=police().crime.iloc[:3])
    with pytest.raises(InputError, match="no reports to hold against earlier years"):
        quarter_chart(data, AGREEMENT)


def test_it_is_one_page_with_its_numbers_beside(tmp_path):
    written = write_quarter(police({("hærværk", "2026K3"): 110}), AGREEMENT, tmp_path / "q")
    assert {p.name for p in written} >= {"quarter.pdf", "quarter.html", "quarter.csv"}
    with pikepdf.open(tmp_path / "q" / "quarter.pdf") as pdf:
        assert len(pdf.pages) == 1
    page = (tmp_path / "q" / "quarter.html").read_text(encoding="utf-8")
    assert "SYNTETISKE DATA" in page
    assert 'href="quarter.pdf"' in page
    assert 'href="statement.json"' not in page
    numbers = pd.read_csv(tmp_path / "q" / "quarter.csv")
    assert 110 in set(numbers["count"])
