"""Checks of survey rows against each other: answers that sum, missing waves, respondents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from amager_eval.conventions import RESPONSES
from amager_eval.data.tables.cross_rows import Record, area_versions, duplicates, groups, what
from amager_eval.spec.assumptions import load_assumptions

if TYPE_CHECKING:
    from amager_eval.data.tables.findings import Findings

__all__ = [
    "check_round_rows",
    "check_safety_rows",
    "respondents_within_round",
    "waves_without_n",
]


_DECLARED: Final = load_assumptions().checks.survey
#: What arithmetic in a spreadsheet leaves beside a whole number.
_NOISE: Final = 1e-6


def check_safety_rows(rows: Sequence[Record], positions: Sequence[int], findings: Findings) -> None:
    """Check duplicates, sums that are not 100, decimals, fractions, versions and missing waves."""
    keys = ("area", "area_version", "wave", "setting", "response")
    duplicates(rows, keys, positions, findings)
    _sums_of_answers(rows, positions, findings)
    for at, row in zip(positions, rows, strict=True):
        _figures_agree(row, at, findings)
        if row["deff"] is not None and row["deff"] > _DECLARED.largest_deff:
            findings.add("deff_large", at=at, column="deff", found=float(row["deff"]))
        _whole_persons(row, at, ("n",), findings)
    _fractions(rows, positions, findings)
    area_versions(rows, ("area", "setting", "response"), positions, findings)
    _missing_waves(rows, findings)


def _whole_persons(row: Record, at: int, columns: Sequence[str], findings: Findings) -> None:
    """Question numbers of persons with decimals: they may be weighted, or thousands."""
    for column in columns:
        number = row[column]
        if number is not None and abs(number - round(number)) > _NOISE:
            findings.add("persons_fractional", at=at, column=column, found=f"{number:.12g}")


def check_round_rows(rows: Sequence[Record], positions: Sequence[int], findings: Findings) -> None:
    """Check duplicates and response rates."""
    duplicates(rows, ("wave",), positions, findings)
    for at, row in zip(positions, rows, strict=True):
        rate = row["response_rate_percent"]
        if rate is not None and 0 < rate < 1:
            findings.add("fraction", at=at, column="response_rate_percent", found=float(rate))
        _whole_persons(row, at, ("invited", "respondents"), findings)
        if rate is None or row["invited"] is None or row["respondents"] is None:
            continue
        share = 100 * row["respondents"] / row["invited"]
        # both the rate and the counts are published rounded
        if abs(share - rate) > _DECLARED.response_rate_apart:
            findings.add(
                "rate_differs",
                at=at,
                column="response_rate_percent",
                found=float(rate),
                share=round(share, 1),
            )


def _decimals_of(value: float) -> int:
    text = f"{value:.6f}".rstrip("0")
    return len(text.partition(".")[2])


def _edges(row: Record) -> tuple[float, float, float]:
    """Percent, and between which percentages the unrounded figure lies."""
    if row["count"] is not None and row["n"] is not None:
        share, half = 100 * float(row["count"]) / float(row["n"]), 50 / float(row["n"])
    else:
        given = row["decimals"]
        decimals = given if given is not None else _decimals_of(row["percent"])
        share, half = float(row["percent"]), 0.5 / math.pow(10, decimals)
    if row["comparator"] == "<":
        return share, 0.0, share - half
    if row["comparator"] == ">":
        return share, share + half, 100.0
    return share, share - half, share + half


def _sums_of_answers(rows: Sequence[Record], positions: Sequence[int], findings: Findings) -> None:
    """Answers cannot be more than everybody, and all three cannot be far fewer."""
    for values, members in groups(rows, ("area", "area_version", "wave", "setting")).items():
        # a duplicated answer is a fault of its own and must not sum
        answers = {rows[i]["response"]: i for i in members}
        edges = [_edges(rows[i]) for i in answers.values()]
        total = sum(share for share, _, _ in edges)
        counted = all(rows[i]["count"] is not None for i in answers.values())
        code = None
        if len(answers) > 1 and (
            sum(least for _, least, _ in edges) > 100 + 1e-9 or (counted and total > 100 + 1e-9)
        ):
            code = "shares_exceed"
        elif len(answers) == len(RESPONSES) and (
            sum(most for _, _, most in edges) <= 100 - _DECLARED.left_over + 1e-9
        ):
            code = "shares_below"
        bounds = [rows[i]["comparator"] in {"<", ">"} for i in answers.values()]
        if len(bounds) > 1 and all(bounds):
            findings.add(
                "bounds_alone",
                at=positions[max(answers.values())],
                column="comparator",
                what=what(values),
            )
        if code is not None:
            last = max(answers.values())
            findings.add(
                code,
                at=positions[last],
                column="count" if rows[last]["percent"] is None else "percent",
                found=float(edges[list(answers.values()).index(last)][0]),
                what=what(values),
                total=float(total),
            )


def _figures_agree(row: Record, at: int, findings: Findings) -> None:
    percent = row["percent"]
    if percent is None:
        return
    # below 1 the figure is questioned as a fraction
    declared = row["decimals"] if percent >= 1 else None
    if declared is not None and _decimals_of(percent) > declared:
        findings.add(
            "decimals_differ",
            at=at,
            column="decimals",
            found=float(percent),
            decimals=float(row["decimals"]),
        )
    if row["count"] is not None and row["n"] is not None:
        share = 100 * row["count"] / row["n"]
        if abs(share - percent) > 1:
            findings.add(
                "percent_differs",
                at=at,
                column="percent",
                found=float(percent),
                count=float(row["count"]),
                n=float(row["n"]),
                share=round(share, 1),
            )


def _fractions(rows: Sequence[Record], positions: Sequence[int], findings: Findings) -> None:
    given = [row["percent"] for row in rows if row["percent"]]
    # one figure below 1 may be right, a whole table of them is not
    code = "fractions" if len(given) > 1 and max(given) <= 1 else "fraction"
    for at, row in zip(positions, rows, strict=True):
        value = row["percent"]
        if value and (value < 1 or code == "fractions"):
            findings.add(code, at=at, column="percent", found=float(value))
            if code == "fractions":
                return


def _missing_waves(rows: Sequence[Record], findings: Findings) -> None:
    """Per area, the waves between its first and last that have no figure at all."""
    for (area,), members in groups(rows, ("area",)).items():
        seen = {rows[i]["wave"] for i in members}
        missing = [str(w) for w in range(min(seen), max(seen)) if w not in seen]
        if missing:
            findings.add("gap_in_waves", column="wave", what=area, missing=", ".join(missing))


def waves_without_n(safety: Sequence[Record], rounds: Sequence[Record], findings: Findings) -> None:
    """Warn of every wave whose number of respondents stands nowhere."""
    known = {row["wave"] for row in safety if row["n"] is not None}
    known |= {row["wave"] for row in rounds if row["respondents"] is not None}
    for wave in sorted({row["wave"] for row in safety} - known):
        findings.add("wave_without_n", column="n", wave=wave)


def respondents_within_round(
    safety: Sequence[Record],
    positions: Sequence[int],
    rounds: Sequence[Record],
    whole: str | None,
    findings: Findings,
) -> None:
    """Warn where an area has more respondents than its round, or all of them and is not `whole`."""
    limits = {row["wave"]: row["respondents"] for row in rounds if row["respondents"] is not None}
    noted = set()
    for at, row in zip(positions, safety, strict=True):
        limit = limits.get(row["wave"])
        place = (row["wave"], row["area"])
        if row["n"] is None or limit is None or row["n"] < limit or place in noted:
            continue
        if row["n"] == limit and whole in {None, row["area"]}:
            continue
        noted.add(place)
        findings.add(
            "n_above_whole" if row["n"] > limit else "n_is_whole",
            at=at,
            column="n",
            found=float(row["n"]),
            area=row["area"],
            respondents=float(limit),
        )
