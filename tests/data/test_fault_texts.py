import re
from pathlib import Path
from string import Formatter

import pytest

import amager_eval.data.fault_texts as module
from amager_eval.data.check import check_input
from amager_eval.data.fault_texts import FAULT_TEXTS, format_fault
from amager_eval.errors import Fault


def fields(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", sorted(FAULT_TEXTS))
def test_both_languages_say_the_same(code):
    text = FAULT_TEXTS[code]
    for part in (text.en, text.en_remedy, text.da, text.da_remedy):
        assert part
    assert fields(text.en) == fields(text.da)
    assert fields(text.en_remedy) == fields(text.da_remedy)
    # the place goes before a message and a full stop after it
    assert not text.en.endswith(".")
    assert text.en_remedy.endswith(".")
    assert text.da_remedy.endswith(".")


def test_every_fault_is_raised_somewhere():
    folder = Path(module.__file__).parent
    source = "\n".join(
        p.read_text(encoding="utf-8") for p in folder.glob("*.py") if p.name != "fault_texts.py"
    )
    quoted = set(re.findall(r'"([a-z_]+)"', source))
    # two are put together from parts
    made = {"register_duplicates", "register_dates_outside", "unknown_response"}
    made |= {"unknown_comparator"}
    assert sorted(set(FAULT_TEXTS) - quoted - made) == []


def test_a_fault_in_danish_from_place_to_remedy(tmp_path):
    (tmp_path / "tryghed.csv").write_text(
        "Område;Bølge;Tidspunkt;Svar;Procent;Adspurgte\nNord;2024;nat;tryg;840;300\n",
        encoding="utf-8",
    )
    (fault,) = check_input(tmp_path, lang="da")
    assert format_fault(fault, "da") == (
        "tryghed.csv, række 2, kolonne Procent: værdien skal ligge i 0 til 100; fundet '840'. "
        "Ret cellen."
    )


def test_a_fault_without_a_place():
    assert format_fault(Fault("noget er galt"), "da") == "noget er galt."
