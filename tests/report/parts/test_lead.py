"""The lead and every verdict of page one against the figures and the later pages, year by year."""

import re
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from amager_eval.evidence.city.process import SCENARIOS
from amager_eval.evidence.city.synthetic import synthetic_city
from amager_eval.goals.crime.results import crime_results
from amager_eval.goals.facts import evaluated_area, gather_facts
from amager_eval.goals.missing import missing_deliveries
from amager_eval.goals.partners.split import partner_split
from amager_eval.goals.results import partner_results, safety_results, with_overall
from amager_eval.goals.safety.changes import changes
from amager_eval.goals.statement import Statement
from amager_eval.report.parts.lead import lead
from amager_eval.report.parts.summary import goal_sentences
from amager_eval.spec.agreement import load_agreement
from amager_eval.tables.goals import goals_table
from amager_eval.tables.readings import readings_table
from amager_eval.wording.about import bound_to
from amager_eval.wording.sentences import load_wording

AGREEMENT = load_agreement()
WORDS = {lang: bound_to(AGREEMENT, load_wording(lang)) for lang in ("da", "en")}
YEARS = range(2025, 2030)
HALVES = ("safety", "survey_rounds", "crime", "population", "activities")


def statement_of(data, year):
    """A statement from published figures alone: the lead rests on nothing else."""
    facts = gather_facts(data, AGREEMENT)
    area = facts.area
    goal = next(g for g in AGREEMENT.goal if g.kind == "partners")
    rows = [
        *safety_results(facts, AGREEMENT, year, None, {}),
        *crime_results(facts, AGREEMENT, year, pd.DataFrame(), None),
        *partner_results(facts, AGREEMENT, year),
    ]
    nothing = pd.DataFrame()
    return Statement(
        year=year, agreement=AGREEMENT, data=data, facts=facts, seed=1, versions={}, draft=False,
        judged=with_overall(rows, AGREEMENT, facts),
        changes=changes(facts, AGREEMENT, year, (area,)),
        comparisons=nothing,
        probabilities=nothing, crime_quantities=nothing, power=nothing, activities=nothing,
        diagnostics=nothing, safety=None, crime=None,
        missing=missing_deliveries(data, AGREEMENT, area),
        partners=nothing if data.activities is None else partner_split(data.activities, goal),
    )  # fmt: skip


@cache
def city(scenario, year):
    return synthetic_city(4, last_wave=year, scenario=scenario).data


def own_shares(data, year):
    """Published percent of the area's own safe answers, straight from the input."""
    rows = data.safety
    own = rows[(rows["area"] == evaluated_area(data, AGREEMENT)) & (rows["response"] == "safe")]
    return {(r.setting, int(r.wave)): round(float(r.percent), 6) for r in own.itertuples()}


def check_verdicts(statement, data, year):
    """Every verdict of page one is the later pages' for that year, word for word."""
    area = evaluated_area(data, AGREEMENT)
    later = readings_table(statement, area, WORDS["da"]).frame
    standings = statement.standings
    for s in standings:
        if s.kind == "partners":
            own = statement.results[statement.results["goal"] == s.goal]
            assert s.verdict == own["literal_verdict"].iloc[0]
            continue
        target, base = (2028, 2024)
        when = min(year if s.kind == "safety" else year - 1, target)
        part = WORDS["da"].name("setting", s.part) if s.kind == "safety" else (
            AGREEMENT.crime.label(s.part, "da"))  # fmt: skip
        reading = next(g for g in AGREEMENT.goal if g.id == s.goal).primary.label("da")
        row = later[
            (later["goal"] == s.goal) & (later["part"] == part) & (later["year"] == when)
            & later["reading"].str.startswith(reading)
        ]  # fmt: skip
        if when <= base:
            assert row.empty
            assert s.verdict == "ikke opgjort"  # a year is not compared with itself
        else:
            assert len(row) == 1, (s.goal, s.part, when)
            assert s.verdict == row["literal_verdict"].iloc[0]
            assert s.assessment == row["evidence_verdict"].iloc[0]
    printed = goals_table(statement, WORDS["da"]).frame
    for goal in dict.fromkeys(s.goal for s in standings):
        own = {s.verdict for s in standings if s.goal == goal}
        assert set(printed.loc[printed["goal"] == goal, "status"]) == own


def check_lead(statement, data, year):
    said = {lang: lead(statement, words) for lang, words in WORDS.items()}
    for sentences in said.values():
        assert 2 <= len(sentences) <= 4
        assert all(s.endswith(".") and "{" not in s and "–" not in s for s in sentences)
    text = " ".join(said["da"])
    assert "ygge" in text or "rygheden" in text  # safety and crime, always both
    assert "kriminalitet" in text.lower()
    if data.safety is not None:
        shares = own_shares(data, year)
        for setting, when in (("neighbourhood", "i nabolaget"), ("night", "om aftenen og natten")):
            now, before = shares.get((setting, year)), shares.get((setting, year - 1))
            if now is None or before is None:
                continue
            word = "steget" if now > before else "faldet" if now < before else "uændret"
            assert f"{word} {when}" in said["da"][1], (setting, before, now)
    check_first_sentence(said["da"][0], statement.standings, year)
    assert all(len(" ".join(sentences)) < 950 for sentences in said.values())  # read in a minute


def check_first_sentence(first, standings, year):
    """Every part stands in the group of its own verdict, in words and not in codes."""
    if all(s.verdict == "ikke opgjort" for s in standings):
        assert first.startswith("Det kan endnu ikke gøres op")
        return
    assert not re.search(r"\b[12][ab]\b", first)
    topics = {"safety": "tryghed", "crime": "kriminalitet", "partners": "partnere"}
    groups = first.removeprefix(f"Status {year} efter aftalens ordlyd: ").rstrip(".").split("; ")
    for s in standings:
        group = next(g for g in groups if re.search(rf" er {s.verdict}( \(|$)", g))
        alike = {o.verdict for o in standings if o.kind == s.kind} == {s.verdict}
        goal = {o.verdict for o in standings if o.goal == s.goal} == {s.verdict}
        words = WORDS["da"]
        named = {
            words.say(f"lead.goal_{s.reading}") if goal and s.kind == "safety" else "",
            topics[s.kind] if alike else "",
            f"tryghed {words.name('setting_when', s.part)}" if s.kind == "safety" else "",
            AGREEMENT.crime.label(s.part, "da").lower() if s.kind == "crime" else "",
        } - {""}
        assert any(name.lower() in group.lower() for name in named), (s.goal, s.part, first)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_page_one_says_what_the_figures_and_the_later_pages_say(scenario):
    for year in YEARS:
        data = city(scenario, year)
        statement = statement_of(data, year)
        check_verdicts(statement, data, year)
        check_lead(statement, data, year)


@pytest.mark.parametrize("without", HALVES)
def test_page_one_of_half_an_input(without):
    data = replace(city("goals_missed", 2027), **{without: None})
    statement = statement_of(data, 2027)
    check_verdicts(statement, data, 2027)
    check_lead(statement, data, 2027)
    text = " ".join(lead(statement, WORDS["da"]))
    reason = {"safety": "tal for trygheden i selve området", "crime": "2024-tal for kriminaliteten",
              "activities": "aktivitetslisten"}.get(without, "")  # fmt: skip
    assert reason in text


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("half", ["the area's night", "the latest year", "the city", "the total"])
def test_page_one_of_a_table_half_filled(scenario, half):
    """Rows are missing inside a table: page one says so and judges the rest as later pages do."""
    data, year = city(scenario, 2027), 2027
    area = evaluated_area(data, AGREEMENT)
    safety, crime = data.safety, data.crime
    of_year = crime["period"].astype(str).str.startswith("2026")
    halves = {
        "the area's night": {"safety": safety[
            (safety["area"] != area) | (safety["setting"] != "night")]},
        "the latest year": {"safety": safety[(safety["area"] != area) | (safety["wave"] < year)],
                            "crime": crime[(crime["area"] != area) | ~of_year]},
        "the city": {"safety": safety[safety["area"] != data.whole]},
        "the total": {"crime": crime[crime["crime_type"] != "total"]},
    }  # fmt: skip
    data = replace(data, **halves[half])
    statement = statement_of(data, year)
    check_verdicts(statement, data, year)
    check_lead(statement, data, year)


def test_page_one_of_an_input_with_nothing_but_the_city():
    data = city("nothing_changes", 2026)
    area = evaluated_area(data, AGREEMENT)
    bare = replace(
        data,
        safety=data.safety[data.safety["area"] != area],
        crime=data.crime[data.crime["area"] != area],
        activities=None,
    )
    said = lead(statement_of(bare, 2026), WORDS["da"])
    assert said[0].startswith("Det kan endnu ikke gøres op, om partnerskabet når sine tre mål")
    assert "selve området" in said[0]
    assert "Amager Øst" in said[1]


def worst(data, year):
    """Crime up by a third since 2024, nights 17 points under the city, no partners."""
    area = evaluated_area(data, AGREEMENT)
    safety, crime = data.safety.copy(), data.crime.copy()
    safe = (safety["response"] == "safe") & (safety["setting"] == "night")
    safety.loc[safe & (safety["area"] == "København") & (safety["wave"] == year), "percent"] = 80.0
    safety.loc[safe & (safety["area"] == area) & (safety["wave"] == year), "percent"] = 63.0
    own = crime[crime["area"] == area].copy()
    then = own[own["period"].astype(str).str[:4] == "2024"]
    now = then.assign(
        period=then["period"].astype(str).str.replace("2024", str(year - 1)),
        count=(then["count"].astype(float) * 4 / 3).round(),
    )
    keep = ~((crime["area"] == area) & (crime["period"].astype(str).str[:4] == str(year - 1)))
    people = data.population[data.population["area"] != area]
    still = data.population[data.population["area"] == area]
    first = float(still["population"].iloc[0])
    return replace(
        data,
        safety=safety,
        crime=pd.concat([crime[keep], now], ignore_index=True),
        population=pd.concat([people, still.assign(population=first)], ignore_index=True),
        activities=data.activities.assign(partners="DOMEA"),
    )


def test_a_disaster_reads_as_one():
    data = worst(city("goals_missed", 2026), 2026)
    statement = statement_of(data, 2026)
    check_verdicts(statement, data, 2026)
    check_lead(statement, data, 2026)
    said = lead(statement, WORDS["da"])
    text = " ".join(said)
    assert "faldet om aftenen og natten" in said[1]
    assert "Området ligger under København: " in text
    assert "17 procentpoint om aftenen og natten" in text
    assert "33\u00a0% over 2024-niveauet" in text
    (total,) = [s for s in statement.standings if s.goal == "2a"]
    sure = {"yes": "forskellen er statistisk signifikant", "no": "forskellen kan være tilfældig"}
    assert sure[total.shown_since_baseline] in text
    assert "alle tre udvalgte gerningstyper lå over 2024" in text
    missed, found, _ = said[0].partition(" er ikke nået")
    assert found
    for topic in ("tryghed", "kriminalitet", "partnere"):
        assert topic in missed
    assert "afgøres først" not in text
    table = goals_table(statement, WORDS["da"]).frame
    assert set(table.loc[table["goal"].str.startswith("2"), "status"]) == {"ikke nået"}
    sentences = goal_sentences(statement, WORDS["da"])
    assert any(
        s.startswith("Mål 1a er ikke nået i år om aftenen og natten: andelen faldt fra")
        and s.endswith("kan dermed ikke længere opfyldes der.")
        for s in sentences
    )
    assert any(s.startswith("Mål 3 er ikke nået: 0 af 20 aktiviteter (0") for s in sentences)


def test_the_baseline_year_is_not_compared_with_itself():
    statement = statement_of(city("nothing_changes", 2025), 2025)
    (total,) = [s for s in statement.standings if s.goal == "2a"]
    assert total.latest == total.baseline
    assert total.since_baseline is None
    assert total.verdict == "ikke opgjort"
    text = " ".join(lead(statement, WORDS["da"]))
    assert "2024 er udgangspunktet for kriminaliteten: " in text
    assert " i 2023); den kan først sammenlignes" in text


def test_an_area_measured_before_this_year_is_not_told_as_this_years():
    data = city("goals_missed", 2027)
    area = evaluated_area(data, AGREEMENT)
    late = (data.safety["area"] == area) & (data.safety["wave"] == 2027)
    statement = statement_of(replace(data, safety=data.safety[~late]), 2027)
    shares = [s for s in statement.standings if s.kind == "safety" and s.known]
    assert {s.latest.year for s in shares} == {2026}
    for lang, said in (
        ("da", "I 2026 er trygheden siden 2025"),
        ("en", "By 2026 safety has since 2025"),
    ):
        assert said in " ".join(lead(statement, WORDS[lang]))


def numbers_of_record(statement):
    """Every number of the record's standings, as page one may print it."""
    said = set()
    for row in [*statement.to_dict()["standings"], *statement.to_dict()["districts"]]:
        values = [v for v in row.values() if isinstance(v, int | float)]
        values += [f["value"] for f in row.values() if isinstance(f, dict) and "value" in f]
        said |= {f"{abs(v):.{d}f}".replace(".", ",") for v in values for d in (0, 1)}
        share = row["since_baseline_share"]
        if share is not None:
            said |= {f"{100 * abs(share):.{d}f}".replace(".", ",") for d in (0, 1)}
    return said


@pytest.mark.parametrize("scenario", ["goals_missed", "goals_met"])
def test_every_number_of_the_lead_stands_in_the_record_and_in_the_table(scenario):
    statement = statement_of(city(scenario, 2027), 2027)
    text = " ".join(lead(statement, WORDS["da"]))
    years = {str(y) for y in range(2020, 2030)}
    printed = set(re.findall(r"\d[\d.]*(?:,\d+)?", re.sub(r"\b[1-3][ab]?\b(?! ?%)", "", text)))
    numbers = {n.replace(".", "").strip(",") for n in printed} - years - {"1000", "000"}
    assert len(numbers) > 6
    assert numbers <= numbers_of_record(statement)
    table = goals_table(statement, WORDS["da"])
    kept = {c.key for c in table.in_data}
    assert {"observed", "last", "baseline", "distance", "distance_baseline",
            "since_baseline_share"} <= kept  # fmt: skip
