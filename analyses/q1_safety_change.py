"""Er trygheden ændret, og skiller bydelen sig fra byen? Aftalens udsagn, testet.

Figurer og tabeller skrives til build/analyses/q1_safety_change. Kør:
python3 -m uv run python analyses/q1_safety_change.py [MAPPE ELLER PROJEKTMAPPE]
"""

import sys

import amager_eval as ae
from amager_eval import significance as sg
from amager_eval.wording.sentences import load_wording

#: Justitsministeriets to områder 2023, som aftalen sammenligner; antallet af svar kendes ikke.
ESTATES = ("Remisevænget og Hørgården", "Holmbladsgade og Støberigården")
#: Respondents each year, where nobody published how many there were.
ASSUMED = 300


def main() -> None:
    """Test what was published, and say what the agreement's other statements would take."""
    agreement = ae.load_agreement()
    data = ae.read_input(sys.argv[1]) if len(sys.argv) > 1 else ae.published()
    if data.safety is None:
        raise ae.InputError("trygheden er ikke med i filerne")
    statement = ae.evaluate(data, forecasts=False)
    answer = ae.write_question(statement, "safety_change", "build/analyses/q1_safety_change")
    deffs, words = agreement.verdicts.deffs, load_wording("da")
    baseline = data.safety[data.safety["wave"] == agreement.safety.baseline_wave]
    for area in agreement.areas.indicators:
        mine = baseline[
            (baseline["area"] == area)
            & (baseline["response"] == "safe")
            & baseline["percent"].notna()
            & (baseline["comparator"] == "=")
        ]
        for setting, after in zip(mine["setting"], mine["percent"], strict=True):
            needed = sg.earlier_percent_needed(after, ASSUMED, ASSUMED, deffs=deffs).to_frame()
            possible, certain = (needed[k].iloc[0] for k in ("possible", "certain"))
            print(
                f"{area} {words.name('setting_when', setting)}: et fald til {after:.0f} % er "
                f"med {ASSUMED} svar hvert år sikkert signifikant fra {certain:.0f} % og sikkert "
                f"ikke under {possible:.0f} %"
            )
    other = data.other_frames.get("other_surveys")
    if other is not None and set(ESTATES) <= set(other["area"]):
        high, low = (float(other.set_index("area")["percent"][e]) / 100 for e in ESTATES)
        most = max(sg.respondents_needed(high - 0.005, low + 0.005, deff=deff) for deff in deffs)
        print(
            f"{ESTATES[0]} ({100 * high:.0f} %) og {ESTATES[1]} ({100 * low:.0f} %): forskellen er "
            f"sikkert signifikant med mindst {most:.0f} svar hvert sted"
        )
    print(answer)


if __name__ == "__main__":
    try:
        main()
    except ae.AmagerEvalError as error:
        sys.exit(str(error))
