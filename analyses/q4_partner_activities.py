"""Do at least 75 % of the activities involve two or more partners? A count, by focus area.

Run: python3 -m uv run python analyses/q4_partner_activities.py [FOLDER]
"""

import sys

import amager_eval as ae
from amager_eval.goals.partners import count_partners
from amager_eval.indicators import partner_share


def main() -> None:
    """Count the activities of an input folder; the bundled figures hold no list."""
    data = ae.read_input(sys.argv[1]) if len(sys.argv) > 1 else ae.published()
    goal = next(g for g in ae.load_agreement().goal if g.kind == "partners")
    print(goal.title_da)
    if data.activities is None or data.activities.empty:
        print("Ikke opgjort: listen over tryghedsplanens aktiviteter (activities.csv) mangler.")
        return
    if data.synthetic:
        print("SYNTETISKE DATA")
    count = count_partners(data.activities, goal)
    print(partner_share(data.activities).to_string(index=False))
    verdict = "nået" if count.reached else "ikke nået"
    print(f"{count.met} af {count.total}: {verdict}; {count.margin:+d} i forhold til kravet")


if __name__ == "__main__":
    main()
