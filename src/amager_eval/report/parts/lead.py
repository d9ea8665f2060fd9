"""The lead of page one: two to four sentences from the figures, safety and crime always both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.conventions import crime_year_of_wave
from amager_eval.goals.crime.context import crime_context
from amager_eval.goals.standing import goal_number
from amager_eval.goals.verdict import Verdict
from amager_eval.wording.area import area_label
from amager_eval.wording.crime_type import type_label
from amager_eval.wording.figure import figure_text, part_label, value_text
from amager_eval.wording.numbers import decimals_of, number, percent, signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from amager_eval.goals.crime.context import ContextReports
    from amager_eval.goals.standing import Figure, Standing
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["lead"]


def lead(statement: Statement, words: Wording) -> tuple[str, ...]:
    """Say how it stands, since last year, since the baseline, against the city, sure or not.

    Two to four sentences.
    """
    standings = statement.standings
    safety = _one_a_part(s for s in standings if s.kind == "safety")
    crime = [s for s in standings if s.kind == "crime"]
    judged = any(s.verdict != Verdict.NOT_MEASURED for s in standings)
    # the verdicts first: whoever reads one sentence has read how it stands
    said = [(_verdicts if judged else _open)(statement, standings, words)]
    said += _safety(statement, safety, words)
    if crime:
        said.append(_crime(statement, crime, words))
    return tuple(said)


def _one_a_part(standings: Iterable[Standing]) -> list[Standing]:
    """Goals on the same figures are one line: day and night, once each."""
    return list({s.part: s for s in reversed(list(standings))}.values())[::-1]


def _open(statement: Statement, standings: Sequence[Standing], words: Wording) -> str:
    """Say that no goal can be measured yet, and for want of what."""
    every = dict.fromkeys(goal_number(s.goal) for s in standings)
    return words.say_count(
        "lead.open",
        len(every),
        number=words.name("number_word", str(len(every))),
        reasons=_reasons(statement, words),
    )


def _reasons(statement: Statement, words: Wording) -> str:
    """Say what was not delivered, or that figures are not there yet or hidden."""
    whats = {m.what for m in statement.missing}
    crime = {"crime_baseline", "crime_types"} & whats
    reasons = ["safety_area"] if "safety_area" in whats else []
    reasons += ["crime"] if crime else []
    if len(reasons) == 2:
        reasons = ["area"]
    reasons += ["activities"] if "activities" in whats else []
    if any(m.table == "crime" for m in statement.facts.masked):
        reasons.append("masked")
    said = [words.say(f"lead.reason_{r}") for r in reasons]
    return words.listing(said) or words.say("lead.reason_figures")


def _safety(statement: Statement, safety: list[Standing], words: Wording) -> list[str]:
    if not safety:
        return []
    if not any(s.known for s in safety):
        return _districts(statement, words)
    known = [s for s in safety if s.known]
    gaps = _gaps([s for s in known if s.distance is not None], words)
    return [_moves(statement, known, words), *([gaps] if gaps else [])]


def _moves(statement: Statement, known: list[Standing], words: Wording) -> str:
    """Say how the shares have moved since last time and since the baseline, and whether surely."""
    response = statement.agreement.response
    moves = [_move(s, s.last, words) for s in known if s.since_last is not None]
    if not moves:
        values = words.listing([_level(s, words) for s in known])
        return words.say_of(response, "lead.level", year=_years(known, words), values=values)
    since = [s for s in known if s.since_baseline is not None and s.last != s.baseline]
    told = {
        "year": _years(known, words),
        "last": _only_year([s.last for s in known]) or words.say("lead.last"),
        "moves": words.listing(moves),
    }
    last = _sure(known, "last", words)
    if not since:
        return words.say_of(response, "lead.since_last", sure=last, **told)
    changes = [
        signed(s.since_baseline or 0.0, decimals_of(s.since_baseline or 0.0), words.lang)
        for s in since
    ]
    if len(since) < len(known):
        changes = [
            words.say("lead.value", value=change, when=_when(s, words))
            for change, s in zip(changes, since, strict=True)
        ]
    told["changes"] = words.listing(changes)
    if _surely(known, "last") == _surely(since, "baseline") != "some":
        key = f"lead.sure_last_{_surely(known, 'last')}"
        return words.say_of(response, "lead.since_both_alike", sure=words.say(key), **told)
    baseline = _sure(since, "baseline", words)
    return words.say_of(response, "lead.since_both", sure=last, sure_baseline=baseline, **told)


def _years(known: Sequence[Standing], words: Wording) -> str:
    """Name the years of the latest figures: an area may have been measured before this year."""
    return words.listing([str(y) for y in sorted({s.latest.year for s in known if s.latest})])


def _only_year(figures: Sequence[Figure | None]) -> str:
    years = {f.year for f in figures if f is not None}
    return str(next(iter(years))) if len(years) == 1 else ""


def _when(s: Standing, words: Wording) -> str:
    return words.name("setting_when", str(s.part))


def _move(s: Standing, before: Figure | None, words: Wording) -> str:
    """Say one part's change: risen, fallen or unchanged, from what to what."""
    assert before is not None
    assert s.latest is not None
    change = s.latest.value - before.value
    key = "lead.rose" if change > 0 else "lead.fell" if change < 0 else "lead.same"
    return words.say(
        key,
        when=_when(s, words),
        before=number(before.value, decimals_of(before.value), words.lang),
        mark=_mark(before, words=words),
        after=figure_text(s.latest, s.unit, words),
    )


def _mark(*figures: Figure | None, words: Wording) -> str:
    """Mark what rests on an unofficial copy."""
    graded = any(f is not None and f.grade == "C" for f in figures)
    return f" {words.say('lead.mark_c')}" if graded else ""


def _level(s: Standing, words: Wording) -> str:
    return words.say("lead.value", when=_when(s, words), value=figure_text(s.latest, s.unit, words))


def _surely(known: Sequence[Standing], since: str) -> str:
    """Whether all, none or some of the changes are shown, or it cannot be decided."""
    shown = [w for s in known if (w := getattr(s, f"shown_since_{since}")) is not None]
    if "yes" in shown:
        return "yes" if set(shown) == {"yes"} else "some"
    return "undecided" if "undecided" in shown else "no"


def _sure(known: Sequence[Standing], since: str, words: Wording) -> str:
    """Say whether the changes are statistically significant: all, none, some, or not decidable."""
    told = {s.part: getattr(s, f"shown_since_{since}") for s in known}
    key = _surely(known, since)
    if key == "some":
        some = words.listing([_when(s, words) for s in known if told[s.part] == "yes"])
        return words.say(f"lead.sure_{since}_some", some=some)
    many = "" if sum(w is not None for w in told.values()) > 1 else "_one"
    return words.say(f"lead.sure_{since}_{key}{many}")


def _gaps(known: Sequence[Standing], words: Wording) -> str:
    """Say how far from the city the area is: in one breath where every part lies the same way."""
    if not known:
        return ""
    sides = {_side(s.distance or 0.0) for s in known}
    then = [s.distance_baseline for s in known if s.baseline != s.latest]
    if len(known) > 1 and len(sides) == 1 and sides != {"level"}:
        values = [
            words.say(
                "lead.gap_value",
                gap=_points(s.distance or 0.0, words),
                mark=_mark(s.whole, words=words),
                when=_when(s, words),
            )
            for s in known
        ]
        before = [
            number(abs(d), decimals_of(d), words.lang)
            for d in then
            if d is not None and _side(d) in sides
        ]
        key = "lead.gaps_then" if len(before) == len(known) else "lead.gaps_now"
        return words.say(
            f"{key}_{sides.pop()}", values=words.listing(values), then=words.listing(before)
        )
    return words.say("lead.gaps", gaps=words.listing([_gap(s, words) for s in known]))


def _gap(s: Standing, words: Wording) -> str:
    """Say how far from the city a part is, now and at the baseline."""
    assert s.distance is not None
    then = s.distance_baseline
    key = "lead.gap_then" if then is not None and s.baseline != s.latest else "lead.gap"
    return words.say(
        f"{key}_{_side(s.distance)}",
        when=_when(s, words),
        gap=_points(s.distance, words),
        mark=_mark(s.whole, words=words),
        then="" if then is None else signed(then, decimals_of(then), words.lang),
    )


def _side(gap: float) -> str:
    return "below" if gap < 0 else "above" if gap > 0 else "level"


def _points(gap: float, words: Wording) -> str:
    """Say a distance with its unit; one is one."""
    text = number(abs(gap), decimals_of(gap), words.lang)
    return words.say("lead.points_one" if abs(gap) == 1 else "lead.points", gap=text)


def _districts(statement: Statement, words: Wording) -> list[str]:
    """Say how safe the districts are where the area itself was neither measured nor estimated."""
    found = statement.districts
    by_part: dict[str, list[Standing]] = {}
    for s in found:
        by_part.setdefault(str(s.part), []).append(s)
    if not by_part:
        return [words.say("lead.no_safety")]
    settings = []
    for group in by_part.values():
        years = {s.latest.year for s in group if s.latest is not None}
        alike = len(years) == 1
        values = [
            words.say(
                "lead.district"
                if alike or s.latest.year == statement.year
                else "lead.district_other",
                area=area_label(statement.agreement, s.area, words),
                value=figure_text(s.latest, s.unit, words),
                year=s.latest.year,
            )
            for s in group
            if s.latest is not None
        ]
        wholes = {s.whole.value: s.whole for s in group if s.whole is not None}
        key = "lead.districts_when" if len(wholes) == 1 else "lead.districts_when_alone"
        whole = next(iter(wholes.values()), None)
        said = words.say(
            key, when=_when(group[0], words), values=words.listing(values),
            city=figure_text(whole, "percent", words),
        )  # fmt: skip
        if alike and years != {statement.year}:
            said = words.say("table.other_wave", cell=said, wave=years.pop())
        settings.append(said)
    return [
        words.say_of(
            statement.agreement.response, "lead.districts", settings="; ".join(settings)
        )
    ]  # fmt: skip


def _crime(statement: Statement, crime: list[Standing], words: Wording) -> str:
    """Say how crime stands against the baseline: the total, then the types."""
    year, since = crime_year_of_wave(statement.year), statement.agreement.crime.baseline_year
    total = next((s for s in crime if s.unit == "rate"), crime[0])
    types = [s for s in crime if s is not total]
    if total.latest is None or total.baseline is None or total.latest.year <= since:
        return _crime_open(statement, total, types, words)
    assert total.since_baseline is not None
    over = _side(total.since_baseline)
    share = total.since_baseline_share or 0.0
    key = {"above": "over", "below": "under", "level": "level"}[over]
    return words.say(
        f"lead.crime_{key}" + ("_types" if _counted(types) else ""),
        year=total.latest.year,
        share=percent(abs(share), 0 if abs(share) >= 0.01 else 1, words.lang),
        now=value_text(total.latest.value, total.unit, words),
        then=value_text(total.baseline.value, total.unit, words),
        form=words.say(f"lead.form_{total.unit}"),
        sure=words.say(f"lead.crime_{total.shown_since_baseline or 'undecided'}"),
        types=_types(_counted(types), words),
        late="" if total.latest.year == year else words.say("lead.late", year=year),
    )


def _counted(types: Sequence[Standing]) -> list[Standing]:
    return [s for s in types if s.since_baseline is not None]


def _types(types: Sequence[Standing], words: Wording) -> str:
    """Say how many of the types lie above the baseline; which, the table has."""
    above = sum(1 for s in types if s.since_baseline and s.since_baseline > 0)
    of = words.name("number_word", str(len(types)))
    key = "none" if not above else "all" if above == len(types) else "above"
    return words.say_count(
        f"lead.types_{key}", above, above=words.name("number_word", str(above)), of=of
    ) if key == "above" else words.say(f"lead.types_{key}", of=of)  # fmt: skip


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _crime_open(
    statement: Statement, total: Standing, types: Sequence[Standing], words: Wording
) -> str:
    """Say what can be said of crime where the total cannot be held against the baseline."""
    since = statement.agreement.crime.baseline_year
    if total.latest is not None and total.latest.year == since:
        before = total.last
        key = "lead.crime_baseline" if before is None else "lead.crime_baseline_last"
        return words.say(
            key, year=since, form=words.say(f"lead.form_{total.unit}"),
            now=value_text(total.latest.value, total.unit, words),
            last="" if before is None else value_text(before.value, total.unit, words),
            last_year="" if before is None else before.year,
        )  # fmt: skip
    counted = _counted(types)
    if counted:
        return words.say("lead.crime_types_only", types=_types(counted, words))
    return _city_crime(statement, words)


def _city_crime(statement: Statement, words: Wording) -> str:
    """Say how crime goes in the city and the districts: the area's own was not delivered."""
    found = crime_context(statement)
    selected = [r for r in found if r.count is not None and r.count_baseline is not None]
    if not found:
        return words.say("lead.no_crime")
    moved = [
        words.say(
            "lead.city_type",
            type=_lower(type_label(statement.agreement.crime, r.crime_type, r.definition, words)),
            then=number(r.count_baseline.value, 0, words.lang),
            now=number(r.count.value, 0, words.lang),
        )
        for r in selected
        if r.count is not None and r.count_baseline is not None
    ]
    # where the selected types are known, the totals by another count stay in the table
    rates = [] if moved else [
        _rate(r, statement, words) for r in found if r.rate and r.rate_baseline
    ]  # fmt: skip
    key = "types" if moved else "rates"
    year = next(f.year for r in found for f in (r.rate, r.count) if f is not None)
    told = {r.shown for r in selected}
    sure = words.say(f"lead.sure_last_{told.pop()}") if len(selected) > 1 and len(told) == 1 else ""
    return words.say(
        f"lead.city_{key}",
        year=year, moved=words.listing(moved), rates=words.listing(rates), sure=sure,
    )  # fmt: skip


def _rate(r: ContextReports, statement: Statement, words: Wording) -> str:
    assert r.rate is not None
    assert r.rate_baseline is not None
    return words.say(
        "lead.city_rate",
        area=area_label(statement.agreement, r.area, words),
        then=number(r.rate_baseline.value, 0, words.lang),
        now=number(r.rate.value, 0, words.lang),
    )


def _verdicts(statement: Statement, standings: Sequence[Standing], words: Wording) -> str:
    """Say this year's verdict of every goal in words, and why the rest have none."""
    groups = []
    for verdict in (Verdict.NOT_REACHED, Verdict.PARTLY, Verdict.REACHED, Verdict.NOT_MEASURED):
        named = _named_with(verdict, statement, standings, words)
        if not named:
            continue
        open_ = verdict == Verdict.NOT_MEASURED
        groups.append(
            words.say_count(
                "lead.verdict_open" if open_ else "lead.verdict_group",
                len(named),
                verdict=words.say(f"verdict.{verdict}"),
                goals=words.listing(named),
                reasons=_reasons(statement, words) if open_ else "",
            )
        )
    return words.say("lead.verdicts", year=statement.year, groups="; ".join(groups))


def _named_with(
    verdict: str, statement: Statement, standings: Sequence[Standing], words: Wording
) -> list[str]:
    """Name what has a verdict: the whole topic where all of it has, else its parts.

    A part two goals are about has one name where both have the verdict, else the goal's words.
    """
    named = []
    for kind in dict.fromkeys(s.kind for s in standings):
        own = [s for s in standings if s.kind == kind]
        some = [s for s in own if s.verdict == verdict]
        if len(some) == len(own):
            named.append(words.say(f"lead.topic_{kind}"))
            continue
        whole = {
            goal
            for goal in dict.fromkeys(s.goal for s in some)
            if all(s.verdict == verdict for s in own if s.goal == goal)
            and words.has(f"lead.goal_{next(s.reading for s in own if s.goal == goal)}")
        }
        parts = dict.fromkeys(s.part for s in some if s.goal not in whole)
        named += [words.say(f"lead.goal_{next(s.reading for s in own if s.goal == goal)}")
                  for goal in whole]  # fmt: skip
        for part in parts:
            goals = [s for s in some if s.part == part and s.goal not in whole]
            alone = len(goals) < sum(s.part == part for s in own)
            named += [
                _part_named(s, statement, words, alone=alone) for s in goals[: None if alone else 1]
            ]
    return named


def _part_named(s: Standing, statement: Statement, words: Wording, *, alone: bool) -> str:
    """Name a part of a topic; where another goal on it has another verdict, by the goal's words."""
    if s.kind != "safety":
        return _lower(part_label(s.kind, s.part, statement.agreement, words))
    key = f"lead.part_{s.reading}"
    where = words.say("lead.part_safety", when=_when(s, words))
    return words.say(key, part=where) if alone and words.has(key) else where
