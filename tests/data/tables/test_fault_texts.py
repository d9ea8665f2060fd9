import re
from pathlib import Path

import pytest

import amager_eval.data.tables.fault_texts as module
from amager_eval.data.check import check_input
from amager_eval.data.tables.fault_texts import fault_text, format_fault
from amager_eval.errors import Fault
from amager_eval.wording.sentences import LANGUAGES, load_wording

CODES = sorted(
    {key.split(".")[1] for key in load_wording("en").sentences if key.startswith("fault.")}
)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_fault_says_what_is_wrong_and_what_to_do(lang):
    words = load_wording(lang)
    for code in CODES:
        # the place goes before a message and a full stop after it
        for key in (f"fault.{code}.problem", f"fault.{code}.problem_one"):
            assert not words.sentences.get(key, "none").endswith(".")
        assert words.has(f"fault.{code}.problem")
        assert words.sentences[f"fault.{code}.remedy"].endswith(".")


def test_every_fault_is_raised_somewhere():
    folder = Path(module.__file__).parents[1]
    source = "\n".join(
        p.read_text(encoding="utf-8") for p in folder.rglob("*.py") if p.name != "fault_texts.py"
    )
    quoted = set(re.findall(r'"([a-z_]+)"', source))
    # two are put together from parts
    made = {"register_status", "register_duplicates", "register_dates_outside", "unknown_response"}
    made |= {"unknown_comparator"}
    assert sorted(set(CODES) - quoted - made) == []
    assert set(CODES) >= module._WARNINGS


def test_one_report_is_not_several():
    told = [fault_text("area_unmatched", lang, count=n) for lang in LANGUAGES for n in (1, 2)]
    assert [text.problem.split(" i ")[0][:20] for text in told] == [
        "1 anmeldelse ligger",
        "2 anmeldelser ligger",
        "1 report lies in an ",
        "2 reports lie in are",
    ]
    assert {text.severity for text in told} == {"warning"}


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


def test_in_english_a_fault_reads_as_the_fault_itself_does():
    for fault in (
        Fault("no rows"),
        Fault("no rows", found="0", remedy="Add some.", file="a.xlsx", sheet="crime", row=3),
        Fault("no area", remedy="Add it.", row=3, column="area"),
    ):
        assert format_fault(fault, "en") == str(fault)
