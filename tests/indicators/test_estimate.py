"""Every record of a test or an estimate is shown by a notebook as its table."""

import pytest

from amager_eval import significance as sg


@pytest.mark.parametrize(
    ("record", "has"),
    [
        (lambda: sg.share(84, 100), "wilson"),
        (lambda: sg.difference(252, 300, 210, 300), "newcombe"),
        (lambda: sg.rate_ratio(40, 1000, 50, 1000), "p_value"),
        (lambda: sg.published_change(80, 300, 87, 300), "undecidable"),
        (lambda: sg.funnel([40, 50], [1000, 1000]), "position"),
        (lambda: sg.equivalence(80, 100, 82, 100, margin=0.1), "equivalent"),
    ],
)
def test_a_notebook_shows_the_table(record, has):
    made = record()
    text = made._repr_html_()
    assert text.startswith("<table")
    assert text.count("<tr>") == len(made.to_frame())
    assert has in text
