"""Names in files: read as the agreement's, a near miss told with the proposal, nothing dropped."""

import pandas as pd
import pytest

from amager_eval.data.check import check_input
from amager_eval.data.input import Masked
from amager_eval.data.read import read_everything, read_input
from amager_eval.disclosure.mask import mask_small_counts
from amager_eval.spec.agreement import load_agreement

AREA = "Amager Partnerskab (2025)"


def crime(*rows):
    columns = ["area", "period", "crime_type", "count", "definition"]
    return pd.DataFrame([dict(zip(columns, row, strict=True)) for row in rows])


def faults(folder, lang="da"):
    return [(f.severity, f.message, f.found, f.row) for f in check_input(folder, lang=lang)
            if "indbyggere" not in f.message]  # fmt: skip


def test_words_of_the_agreement_are_read_as_its_names_and_shown(tmp_path):
    crime(
        ("Partnerskabsområdet", 2024, "I alt", 605, "Borgervendt kriminalitet"),
        ("Partnerskabsområdet", 2024, "Tyveri og røveri", 240, "borgervendt"),
        ("Amager vest", 2024, "total", 1800, "borgervendt"),
    ).to_csv(tmp_path / "crime.csv", index=False)
    reading = read_everything(tmp_path, lang="da")
    frame = reading.data.crime
    assert frame["area"].tolist() == [AREA, AREA, "Amager Vest"]
    assert frame["crime_type"].tolist() == ["total", "tyveri/røveri", "total"]
    assert set(frame["definition"]) == {"borgervendt"}
    shown = {(r.column, r.found): (r.name, r.rows) for r in reading.renamed}
    assert shown["area", "Partnerskabsområdet"] == (AREA, (2, 3))
    assert shown["crime_type", "Tyveri og røveri"] == ("tyveri/røveri", (3,))


def test_a_near_miss_is_a_fault_with_the_proposal(tmp_path):
    crime(
        (AREA, 2024, "Indbrud i beboelse", 69, "borgervendt"),
        ("Amager Partnerskabet (2025)", 2024, "total", 605, "borgervendt"),
        # another series has types of its own
        (AREA, 2024, "Indbrud i beboelse", 69, "STRAF11"),
    ).to_csv(tmp_path / "crime.csv", index=False)
    found = {(severity, message, row) for severity, message, _, row in faults(tmp_path)}
    assert found >= {
        ("error", "navnet er ikke et af aftalens; mente du 'Indbrud'?", 2),
        ("error", f"navnet er ikke et af aftalens; mente du '{AREA}'?", 3),
    }
    assert not any(row == 4 and severity == "error" for severity, _, row in found)


def test_a_type_the_agreement_does_not_know_is_told(tmp_path):
    crime((AREA, 2024, "Cykeltyveri", 30, "borgervendt")).to_csv(
        tmp_path / "crime.csv", index=False
    )
    assert ("warning", "gerningstypen er ikke en af aftalens og indgår ikke i noget mål",
            "Cykeltyveri", 2) in faults(tmp_path)  # fmt: skip
    assert read_input(tmp_path).crime["crime_type"].tolist() == ["Cykeltyveri"]


@pytest.mark.parametrize(
    ("years", "area"),
    [((2013, 2016), "Amager Partnerskab"), ((2019, 2025), AREA), ((2024, 2025), AREA)],
)
def test_the_partnerships_bare_name_is_the_area_of_its_years(tmp_path, years, area):
    rows = [("Amager partnerskab", y, "total", 600, "borgervendt") for y in range(*years)]
    crime(*rows).to_csv(tmp_path / "crime.csv", index=False)
    assert set(read_input(tmp_path).crime["area"]) == {area}
    told = [message for _, message, _, _ in faults(tmp_path)]
    assert any(t.startswith(f"området er læst som '{AREA}'") for t in told) == (area == AREA)


def test_a_survey_name_that_means_two_boundaries_is_asked_about(tmp_path):
    rows = [("Amager Partnerskab", wave, "night", "safe", 70) for wave in (2019, 2020, 2024, 2025)]
    columns = ["area", "wave", "setting", "response", "percent"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "safety.csv", index=False)
    (told,) = [f for f in faults(tmp_path) if f[0] == "error"]
    assert told[1].startswith("navnet betyder området fra før til og med 2020")


def test_partners_by_other_marks_are_split_and_the_split_is_told(tmp_path):
    (tmp_path / "aktiviteter.csv").write_text(
        "Aktivitet;Indsatsområde;Partnere\n"
        'Lommepengejob;Job og fritid;"3B, SSP København, BIF"\n'
        "Vandring;Fællesskaber;fsb\n"
        "Andet;Sport;fsb\n",
        encoding="utf-8",
    )
    told = faults(tmp_path)
    assert [severity for severity, *_ in told] == ["warning"] * 3
    by_row = {row: message for _, message, _, row in told}
    assert by_row[2] == (
        "partnerne er ikke adskilt af semikolon; cellen er læst som "
        "3B; SSP København; Beskæftigelses- og Integrationsforvaltningen"
    )
    assert "mente du 'Positive fællesskaber'?" in by_row[3]
    assert by_row[4] == "indsatsområdet er ikke et af aftalens"
    partners = read_input(tmp_path).activities["partners"].tolist()
    assert partners[0].count(";") == 2
    assert partners[1] == "FSB"


def test_a_slip_in_a_setting_or_an_answer_is_proposed(tmp_path):
    (tmp_path / "tryghed.csv").write_text(
        "Område;År;Tidspunkt;Svar;Procent;Antal svar\n"
        f"{AREA};2024;Aften- og nattetimer;TRYG;71;402\n"
        f"{AREA};2024;dagtimmer;tryg;84;402\n"
        f"{AREA};2024;dagtimer;uttryg;9;402\n",
        encoding="utf-8",
    )
    told = {row: message for _, message, _, row in faults(tmp_path)}
    assert told[3] == "tidspunktet kendes ikke; mente du 'dagtimer'?"
    assert told[4] == "svaret kendes ikke; mente du 'utryg'?"


def test_antal_svar_is_n_and_is_held_against_the_survey(tmp_path):
    (tmp_path / "tryghed.csv").write_text(
        "Område;År;Tidspunkt;Svar;Procent;Antal svar\n"
        f"{AREA};2024;dagtimer;tryg;84;4037\nKøbenhavn;2024;dagtimer;tryg;88;4037\n",
        encoding="utf-8",
    )
    (tmp_path / "undersøgelser.csv").write_text("År;Svar\n2024;4037\n", encoding="utf-8")
    assert read_input(tmp_path).safety["n"].tolist() == [4037, 4037]
    (told,) = faults(tmp_path)
    assert told[1] == (
        f"{AREA} har lige så mange svar som hele undersøgelsen (4037 i arket Undersøgelser)"
    )


def test_a_count_hidden_by_who_delivers_it_is_hidden_here(tmp_path):
    (tmp_path / "anmeldelser.csv").write_text(
        "Område;Periode;Gerningstype;Antal;Definition\n"
        f"{AREA};2024;chikane;<5;borgervendt\n{AREA};2024;trusler;36;borgervendt\n",
        encoding="utf-8",
    )
    data = read_input(tmp_path)
    assert data.masked == (Masked("crime", AREA, 2024, "chikane", "borgervendt"),)
    assert data.crime["count"].isna().tolist() == [True, False]
    (tmp_path / "tryghed.csv").write_text(
        "Område;År;Tidspunkt;Svar;Antal;Antal svar\n"
        f"{AREA};2024;dagtimer;tryg;300;402\n{AREA};2024;dagtimer;utryg;under 5;402\n",
        encoding="utf-8",
    )
    data = read_input(tmp_path)
    assert Masked("safety", AREA, 2024, "neighbourhood, unsafe") in data.masked
    assert data.safety["response"].tolist() == ["safe"]


def test_what_was_delivered_hidden_stays_hidden_beside_what_is_hidden_here(tmp_path):
    (tmp_path / "anmeldelser.csv").write_text(
        "Område;Periode;Gerningstype;Antal;Definition\n"
        f"{AREA};2024;chikane;<5;borgervendt\n{AREA};2024;trusler;2;borgervendt\n",
        encoding="utf-8",
    )
    data = mask_small_counts(read_input(tmp_path), load_agreement())
    assert {m.what for m in data.masked} == {"chikane", "trusler"}
    assert data.crime["count"].isna().all()
