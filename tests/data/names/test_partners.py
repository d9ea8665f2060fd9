"""The partners of a cell, told apart as an officer would read them."""

import pytest

from amager_eval.data.names.agreed import names_of
from amager_eval.data.names.partners import split_partners
from amager_eval.spec.agreement import load_agreement

NAMES = names_of(load_agreement())
KFF, BIF = "Kultur- og Fritidsforvaltningen", "Beskæftigelses- og Integrationsforvaltningen"


@pytest.mark.parametrize(
    ("cell", "partners", "guessed"),
    [
        ("SSP København; fsb; Københavns Politi", ("SSP København", "FSB", "Københavns Politi"), 0),
        ("fsb\nDOMEA\r\nVIBO", ("FSB", "DOMEA", "VIBO"), 0),
        ("3B, SSP København, BIF", ("3B", "SSP København", BIF), 1),
        (f"{KFF} og SSP København", (KFF, "SSP København"), 1),
        ("Kultur og Fritidsforvaltningen, 3B", (KFF, "3B"), 1),
        ("Sikker By/Københavns Kommune", ("Sikker By", "Københavns Kommune"), 1),
        ("AAB & Bo-Vita", ("AAB", "Bo-Vita"), 1),
        # a line break at the end, and marks beside semicolons or line breaks
        ("3B, SSP København\n", ("3B", "SSP København"), 1),
        ("3B, SSP København; fsb", ("3B", "SSP København", "FSB"), 1),
        ("3B,\nSSP København, fsb", ("3B", "SSP København", "FSB"), 1),
        ("3B,\nSSP København,\n", ("3B", "SSP København"), 0),
        ("• Foreningen Syd\n• 3B", ("Foreningen Syd", "3B"), 0),
        ("Boligforeningen AAB, afd. 38; 3B", ("Boligforeningen AAB, afd. 38", "3B"), 0),
        # between known names nothing but space
        ("3B  SSP København", ("3B", "SSP København"), 1),
        ("3B FSB", ("3B", "FSB"), 1),
        ("3B | FSB  SSP København", ("3B", "FSB", "SSP København"), 1),
        ("Foreningen Syd 3B", ("Foreningen Syd 3B",), 0),
        ("3B, SSP København;", ("3B, SSP København",), 0),
        # one name, whatever marks are in it
        ("3B/KAB", ("3B",), 0),
        (KFF, (KFF,), 0),
        ("HAB (DAB, afd. 2)", ("HAB (DAB, afd. 2)",), 0),
        ("Boligforeningen AAB, afd. 38;", ("Boligforeningen AAB, afd. 38",), 0),
        ("SSP; ssp københavn", ("SSP København",), 0),
        (" ; ", (), 0),
    ],
)
def test_partners_of_a_cell(cell, partners, guessed):
    found = split_partners(cell, lambda text: NAMES.find("partner", text))
    assert found == (partners, bool(guessed))
