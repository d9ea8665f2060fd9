"""Do at least 75 % of the activities involve two or more partners, and what hangs on them?

A count by focus area, split by partners inside and outside the area, and the chain of the theory
of change: activities, partners, money, the linked indicators and whether they moved. Nothing here
says that one thing caused another. Small counts are not hidden: the output is not to be published.

Run: python3 -m uv run python analyses/q4_partner_activities.py [FOLDER]
"""

import sys

import amager_eval as ae
from amager_eval.goals.partners.count import count_partners
from amager_eval.goals.partners.plan import FocusChain, plan_chain
from amager_eval.goals.partners.signals import Signal
from amager_eval.goals.partners.split import partner_split
from amager_eval.spec.agreement import Agreement
from amager_eval.wording.numbers import number
from amager_eval.wording.sentences import load_wording

WORDS = load_wording("da")
SPLIT = {
    "focus_area": "indsatsområde",
    "activities": "aktiviteter",
    "met": "med nok partnere",
    "inside": "alle indefra",
    "both": "begge",
    "outside": "alle udefra",
    "unstated": "ikke angivet",
}


def kroner(amount: float | None) -> str:
    """Amount in whole kroner; said where none is known."""
    return "ikke opgjort" if amount is None else f"{number(amount, 0, 'da')} kr."


def signal_line(signal: Signal) -> str:
    """Say what an indicator shows, and the figures behind it."""
    key: str = signal.signal
    if key == "moved":
        key = "moved_better" if signal.better else "moved_worse"
    shown = WORDS.say(f"plan.{key}")
    if signal.before is None or signal.after is None:
        return f"{signal.indicator}: {shown}"
    change = WORDS.say(
        "plan.change",
        before=number(signal.before, 0, "da"),
        after=number(signal.after, 0, "da"),
        year_before=signal.year_before,
        year_after=signal.year_after,
    )
    return f"{signal.indicator}: {shown}; {change}"


def print_focus(focus: FocusChain, placed: bool) -> None:
    """Print one focus area, link by link; `placed` where the list says who is from outside."""
    print(f"\n{focus.focus_area}")
    print(f"  aktiviteter: {', '.join(focus.activities) or 'ikke opgjort'}")
    inside = "partnere indefra" if placed else "partnere (listen siger ikke, hvem der er udefra)"
    print(f"  {inside}: {', '.join(focus.partners) or 'ingen angivet'}")
    if placed:
        print(f"  partnere udefra: {', '.join(focus.outside_partners) or 'ingen angivet'}")
    print(f"  penge: {kroner(focus.budget_dkk)} ({focus.without_budget} uden beløb)")
    for expected in focus.expects:
        print(f"  {WORDS.say(f'plan.expected_{expected.term}', what=expected.label_da)}")
        for signal in expected.signals:
            print(f"    {signal_line(signal)}")


def print_chain(data: ae.Input, agreement: Agreement) -> None:
    """Print the chain at the latest survey wave, or at the first due one where there is none."""
    first = agreement.safety.baseline_wave + 1
    year = first if data.safety is None else int(data.safety["wave"].max())
    chain = plan_chain(data, agreement, year)
    if chain is None:
        print("\nAftalen nævner ingen indsatsområder.")
        return
    print(f"\nForandringsteorien, kæden per indsatsområde i {year}")
    warnings = f" ({', '.join(chain.warnings)})" if chain.warnings else ""
    print(f"liste: version {chain.list_version or '-'}, dato {chain.list_date or '-'}{warnings}")
    spent, allocated = kroner(chain.budget_dkk), kroner(chain.allocated_dkk_per_year)
    print(f"listens beløb i alt: {spent}; aftalen afsætter om året: {allocated}")
    placed = any(focus.outside_partners for focus in chain.focus)
    for focus in chain.focus:
        print_focus(focus, placed)


def main() -> None:
    """Count the activities of an input folder; the bundled figures hold no list."""
    data = ae.read_input(sys.argv[1]) if len(sys.argv) > 1 else ae.published()
    agreement = ae.load_agreement()
    goal = next(g for g in agreement.goal if g.kind == "partners")
    print(goal.title_da)
    if data.synthetic:
        print("SYNTETISKE DATA")
    if data.activities is None or data.activities.empty:
        print("Ikke opgjort: listen over tryghedsplanens aktiviteter (activities.csv) mangler.")
    else:
        split = partner_split(data.activities, goal)
        print(split[list(SPLIT)].rename(columns=SPLIT).to_string(index=False))
        count = count_partners(data.activities, goal)
        verdict = "nået" if count.reached else "ikke nået"
        print(f"{count.met} af {count.total}: {verdict}; {count.margin:+d} i forhold til kravet")
    print_chain(data, agreement)


if __name__ == "__main__":
    main()
