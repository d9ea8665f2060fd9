"""Did safety change, and is Amager Øst different? The agreement's statements, tested.

From the published figures alone: every verdict must hold over the rounding of the percentages
and over the declared design effects; where n was not published, over a range of n.

Run: python3 -m uv run python analyses/q1_safety_change.py
"""

from typing import Literal

import numpy as np
import pandas as pd

import amager_eval as ae
from amager_eval import significance as sg
from amager_eval.goals.safety.comparisons import part_weight
from amager_eval.goals.safety.published_shares import Respondents, published_shares, respondents
from amager_eval.wording.numbers import number
from amager_eval.wording.numbers import percent as percent_of_share
from amager_eval.wording.sentences import load_wording

AREA, BEFORE, AFTER = "Amager Øst", 2014, 2024
ESTATES = ("Remisevænget og Hørgården", "Holmbladsgade og Støberigården")
SIZES = np.array([200, 300, 400, 600])

#: What the municipality wrote about changes in the city's unsafe share, and where.
CLAIMS = (
    ("neighbourhood", 2017, 2018, "significant", "kk.dk, Tryghedsundersøgelsen 2018"),
    ("night", 2019, 2020, "significant", "kk.dk, Tryghedsundersøgelsen 2020"),
    ("neighbourhood", 2020, 2021, "not significant", "kk.dk, Tryghedsundersøgelsen 2021"),
    ("night", 2021, 2022, "not significant", "kk.dk, Tryghedsundersøgelsen 2022"),
)
WORDS = load_wording("da")
VERDICTS = {
    "significant": "signifikant",
    "not significant": "ikke signifikant",
    "undecidable": "kan ikke afgøres",
}


def percent(value: float) -> str:
    """Write a percentage the municipality's way."""
    return percent_of_share(value / 100)


def show(title: str, table: pd.DataFrame, sentences: list[str]) -> None:
    """Print a finding as a table and as sentences."""
    print(f"\n{title}\n{'-' * len(title)}")
    print(table.to_string(index=False, float_format=lambda v: number(v, 0 if v % 1 == 0 else 3)))
    print()
    print("\n".join(f"* {sentence}" for sentence in sentences))


def asked(data: ae.Input, area: str, wave: int) -> Respondents:
    """How many respondents the figures rest on; without any n nothing can be tested."""
    found = respondents(data, area, wave)
    if found is None:
        raise ae.InputError(f"no number of respondents is known for {area} in wave {wave}")
    return found


def fall_of_area(safety: pd.DataFrame, deffs: tuple[float, ...]) -> None:
    """Which 2014 share would make the stated fall of Amager Øst significant."""
    rows, sentences = [], []
    for setting in ("neighbourhood", "night"):
        shares = published_shares(safety, AREA, setting, "safe")
        after = shares[AFTER].percent
        needed = sg.earlier_percent_needed(after, SIZES, SIZES, deffs=deffs).to_frame()
        limits = zip(SIZES, needed["possible"], needed["certain"], strict=True)
        for n, possible, certain in limits:
            exact = [100 * sg.earlier_share_needed(after / 100, n, n, deff=deff) for deff in deffs]
            rows.append((WORDS.name("setting", setting), after, n, *exact, possible, certain))
        where = WORDS.name("setting_when", setting)
        if BEFORE not in shares:
            sentences.append(
                f"Der er ikke fundet et offentliggjort tal for andelen af trygge i {AREA} {where} "
                f"i {BEFORE}; aftalens udsagn om et statistisk signifikant fald kan ikke "
                "efterprøves."
            )
        shown = needed.iloc[1]
        sentences.append(
            f"Med {shown['n_before']:.0f} svar hvert år var et fald til {percent(after)} {where} "
            f"sikkert signifikant fra {percent(shown['certain'])} eller mere i {BEFORE} og sikkert "
            f"ikke, hvis andelen var under {percent(shown['possible'])}."
        )
    sentences.append(
        "Undersøgelsen skiftede dataindsamler i 2017: et fald fra 2014 kan være skiftet selv."
    )
    columns = ["hvor", f"tryg {AFTER} %", "n hvert år"]
    columns += [f"grænse deff {number(deff, 1)}" for deff in deffs]
    columns += ["måske fra %", "sikkert fra %"]
    title = (
        f"Faldet i {AREA} fra {BEFORE} til {AFTER}: hvilken andel i {BEFORE} gør det signifikant"
    )
    show(title, pd.DataFrame(rows, columns=columns), sentences)


def area_against_city(
    data: ae.Input, safety: pd.DataFrame, city_name: str, deffs: tuple[float, ...]
) -> None:
    """Whether Amager Øst differs from the rest of the city in 2024, day and night."""
    weight = part_weight(data, AREA)
    if weight is None:
        raise ae.InputError(f"the part of {city_name} that lives in {AREA} is not known")
    size, whole = asked(data, AREA, AFTER), asked(data, city_name, AFTER)
    rows, sentences = [], []
    for setting in ("neighbourhood", "night"):
        part = published_shares(safety, AREA, setting, "safe")[AFTER]
        city = published_shares(safety, city_name, setting, "safe")[AFTER]
        verdicts = set()
        for n in (size.low, size.n, size.high):
            judged = sg.published_part_versus_whole(
                part.percent, n, city.percent, whole.n, weight=weight, deffs=deffs
            )
            verdicts.add(str(judged.verdict))
            for deff in deffs:
                c = sg.part_versus_whole(
                    part.percent / 100, n, city.percent / 100, whole.n, weight=weight, deff=deff
                )
                numbers = (100 * c.estimate, 100 * c.low, 100 * c.high, c.z, c.p_value)
                rows.append((WORDS.name("setting", setting), round(n), deff, *numbers))
        verdict = verdicts.pop() if len(verdicts) == 1 else "undecidable"
        where = WORDS.name("setting_when", setting)
        sentences.append(
            f"{AREA} {where} {AFTER}: {percent(part.percent)} mod Københavns "
            f"{percent(city.percent)}. Forskel fra resten af byen: {VERDICTS[verdict]} over "
            f"afrunding, n på {round(size.low)}-{round(size.high)} og designeffekt "
            f"{number(min(deffs), 1)}-{number(max(deffs), 1)}."
        )
    columns = ["hvor", "n", "deff", "forskel", "lav", "høj", "z", "p"]
    table = pd.DataFrame(rows, columns=columns)
    # exploratory: Benjamini-Hochberg over day and night within each n and design effect
    table["p BH"] = table.groupby(["n", "deff"])["p"].transform(lambda p: sg.adjust(p, "bh"))
    sentences.append(
        f"Bydelens n er ikke offentliggjort og er antaget; byens n er fra den nærmeste måling. "
        f"Bydelens vægt er {number(weight, 3)}. Testene er eksplorative."
    )
    show(f"{AREA} mod resten af København {AFTER}, procentpoint", table, sentences)


def two_estates(data: ae.Input, deffs: tuple[float, ...]) -> None:
    """From which n the ministry's two estate figures differ."""
    percents = data.other_frames["other_surveys"].set_index("area")["percent"].astype(float)
    high, low = (percents[estate] for estate in ESTATES)

    def from_n(deff: float, apart: float = 0.0, method: Literal["score", "wald"] = "score") -> int:
        shares = ((high + apart) / 100, (low - apart) / 100)
        return int(np.ceil(sg.respondents_needed(*shares, deff=deff, method=method)))

    rows = [
        (d, from_n(d), from_n(d, method="wald"), from_n(d, apart=-0.5), from_n(d, apart=0.5))
        for d in deffs
    ]
    columns = ["deff", "n hver", "n hver (upuljet)", "sikkert fra n", "tidligst fra n"]
    table = pd.DataFrame(rows, columns=columns)
    certain, earliest = int(table["sikkert fra n"].max()), int(table["tidligst fra n"].min())
    sentences = [
        f"{ESTATES[0]} ({percent(high)}) og {ESTATES[1]} ({percent(low)}): antallet af svar er "
        "ikke offentliggjort. Forskellen er statistisk signifikant, hvis der er mindst "
        f"{certain} svar hvert sted, og ikke, hvis der er færre end {earliest}; derimellem "
        "afhænger det af afrunding og designeffekt.",
        "Tallene er fra Justitsministeriets undersøgelse og sammenlignes ikke med kommunens.",
    ]
    show(
        "Justitsministeriets to områder 2023: fra hvilket n er forskellen signifikant",
        table,
        sentences,
    )


def published_verdicts(
    data: ae.Input, safety: pd.DataFrame, city_name: str, deffs: tuple[float, ...]
) -> None:
    """Which of the municipality's own verdicts follow from its published figures."""
    rows, sentences = [], []
    for setting, before, after, claimed, source in CLAIMS:
        shares = published_shares(safety, city_name, setting, "unsafe")
        p0, p1 = shares[before].percent, shares[after].percent
        n0, n1 = asked(data, city_name, before).n, asked(data, city_name, after).n
        v = sg.published_change(p0, n0, p1, n1, deffs=deffs)
        verdict = str(v.verdict)
        names = (VERDICTS[claimed], VERDICTS[verdict])
        where = WORDS.name("setting", setting)
        rows.append((where, before, after, p0, p1, n0, n1, v.z_low, v.z_high, *names))
        direction = "rise" if p1 > p0 else "fall"
        said = WORDS.say(f"change.{verdict.replace(' ', '_')}_{direction}")
        outcome = (
            "genskabt"
            if verdict == claimed
            else "følger ikke af de afrundede tal alene, men modsiges ikke"
        )
        sentences.append(
            f"Utrygge {WORDS.name('setting_when', setting)} {after}: {percent(p1)} "
            f"({percent(p0)} i {before}). {said}. "
            f"Kommunens udsagn ({names[0]}; {source}): {outcome}."
        )
    columns = ["hvor", "før", "efter", "% før", "% efter", "n før", "n efter", "z lav", "z høj"]
    table = pd.DataFrame(rows, columns=[*columns, "kommunen", "her"])
    show("Kommunens egne udsagn om ændringer i hele København", table, sentences)


def main() -> None:
    """Answer the agreement's statements from the bundled figures."""
    data, agreement = ae.published(), ae.load_agreement()
    if data.safety is None:
        raise ae.InputError("the safety figures are missing")
    whole, deffs = agreement.areas.whole, agreement.verdicts.deffs
    fall_of_area(data.safety, deffs)
    area_against_city(data, data.safety, whole, deffs)
    two_estates(data, deffs)
    published_verdicts(data, data.safety, whole, deffs)


if __name__ == "__main__":
    main()
