"""Respondent rows to published-style shares; no answer of a person is ever shown.

Whatever is wrong with a row is told by its number and column alone: the value may be an answer.
"""

from __future__ import annotations

from numbers import Real
from typing import Any, Final

import numpy as np
import pandas as pd
from pydantic_core import PydanticCustomError

from amager_eval.conventions import RESPONSES, SETTINGS
from amager_eval.data.survey.variance import domain_share
from amager_eval.data.tables.columns import Column, TableColumns, canonical_word, word_in
from amager_eval.data.tables.findings import Findings
from amager_eval.data.tables.number_text import (
    DecimalMark,
    is_error_text,
    is_no_value,
    parse_number,
)

__all__ = [
    "RESPONDENTS",
    "are_respondents",
    "check_respondents",
    "safety_of_respondents",
    "shares_of_respondents",
]

#: Columns of respondent rows; the two settings hold the answers.
RESPONDENTS: Final = TableColumns(
    "safety",
    "tryghed",
    (
        Column("area", "Område", required=True, also=("bydel", "areal")),
        Column("wave", "Bølge", "int", required=True, also=("år", "year", "undersøgelsesår")),
        Column("stratum", "Stratum", also=("strata",)),
        Column("weight", "Vægt", "float", also=("w", "vægte")),
        Column("neighbourhood", "Dagtimer", also=("nabolag", "dag", "neighborhood", "day")),
        Column("night", "Aften- og nattetimer", also=("nat", "aften", "aften/nat")),
    ),
)
#: A weight says how many inhabitants an answer stands for.
LARGEST_WEIGHT: Final = 1e7
#: Longer texts are no names of areas.
LONGEST_NAME: Final = 200
#: A computed share is not rounded: so many decimals of a percentage are kept.
DECIMALS: Final = 6


def are_respondents(headings: list[str]) -> bool:
    """Whether a table's headings are those of respondent rows and not of shares.

    Examples
    --------
    >>> are_respondents(["area", "wave", "weight", "night"])
    True
    """
    found = {c.name for h in headings if (c := RESPONDENTS.find(h))}
    shares = {"response", "svar", "percent", "procent"} & {h.strip().casefold() for h in headings}
    return bool(found & set(SETTINGS)) and bool(found & {"area", "wave"}) and not shares


def check_respondents(
    rows: pd.DataFrame, findings: Findings, mark: DecimalMark = "."
) -> pd.DataFrame:
    """Check respondent rows and give them their canonical form.

    `area, wave` and at least one of `neighbourhood, night` (words for safe, neither and unsafe;
    empty: no answer); `stratum` (default the area) and `weight` (default 1, with decimal `mark`
    where it is text). `findings` receives the faults, by position and without values; rows without
    one are returned.
    """
    good = pd.Series(True, index=rows.index)
    area = rows["area"].map(lambda v: str(v).strip() if not pd.isna(v) else "")
    good &= _told(~area.map(is_no_value), "missing", "area", findings)
    good &= _told(~area.map(is_error_text), "formula_error", "area", findings)
    good &= _told(area.map(_is_name), "area_wrong", "area", findings)
    wave = pd.to_numeric(rows["wave"], errors="coerce")
    good &= _told((wave >= 1900) & (wave <= 2200) & (wave % 1 == 0), "no_year", "wave", findings)
    weight = pd.Series(1.0, index=rows.index)
    if "weight" in rows:
        weight = rows["weight"].map(lambda v: _weight(v, mark)).astype(float)
        right = (weight > 0) & (weight <= LARGEST_WEIGHT)
        good &= _told(right, "weight_wrong", "weight", findings)
    stratum = area
    if "stratum" in rows:
        given = rows["stratum"].map(lambda v: str(v).strip() if not pd.isna(v) else "")
        blank = given.map(is_no_value)
        if not blank.all():  # a column nobody filled in is none
            good &= _told(~blank, "missing", "stratum", findings)
            stratum = given
    good &= _told(~stratum.map(is_error_text), "formula_error", "stratum", findings)
    checked = {"area": area, "wave": wave, "stratum": stratum, "weight": weight}
    for setting in SETTINGS:
        if setting not in rows:
            continue
        empty = rows[setting].isna() | rows[setting].astype("str").fillna("").map(is_no_value)
        answers = rows[setting].map(
            lambda v: canonical_word("response", str(v)) if not pd.isna(v) else None
        )
        good &= _told(empty | answers.notna(), "unknown_answer", setting, findings)
        checked[setting] = answers
    canonical = pd.DataFrame(checked).loc[np.asarray(good, dtype=bool)]
    return canonical.astype({"wave": "int64"}).reset_index(drop=True)


def safety_of_respondents(
    rows: pd.DataFrame, findings: Findings, mark: DecimalMark = ".", *, whole: str | None = None
) -> pd.DataFrame:
    """Check respondent rows and turn them into shares; an empty frame where a fault stands.

    `whole` names the area made of all rows; the index of `rows` is 0, 1, ...
    """
    for column in RESPONDENTS.columns:
        if column.required and column.name not in rows:
            findings.add("column_missing", column=column.name)
    if rows.empty:
        findings.add("empty_table")
    if findings.faults:
        return pd.DataFrame()
    checked = check_respondents(rows, findings, mark)
    if findings.faults:
        return pd.DataFrame()
    return shares_of_respondents(checked, findings, whole=whole)


def _is_name(text: str) -> bool:
    """Whether an area may be called so; it will be printed and written to spreadsheets."""
    return text == "" or (text[0] not in "=+@" and text.isprintable() and len(text) <= LONGEST_NAME)


def _weight(value: object, mark: DecimalMark) -> float:
    if isinstance(value, str):
        try:
            return parse_number(value, mark, "factor")
        except PydanticCustomError:
            return float("nan")
    return float(value) if isinstance(value, Real) else float("nan")


def _told(right: Any, code: str, column: str, findings: Findings) -> Any:
    """Note the rows that are not right, as one fault; return which are."""
    wrong = np.flatnonzero(~np.asarray(right, dtype=bool))
    if wrong.size:
        findings.add(code, at=wrong.tolist(), column=column)
    return right


def shares_of_respondents(
    rows: pd.DataFrame, findings: Findings, *, whole: str | None = None
) -> pd.DataFrame:
    """Turn checked respondent rows into shares with their design effects.

    A column `also` may name a second area of a row, `whole` the area made of all rows. One row per
    area and answer, `n` being those who answered the question, `standard_error` in percentage
    points; `findings` receives strata whose variance cannot be estimated.
    """
    shares = []
    for wave, sample in rows.groupby("wave", sort=True):
        strata = pd.factorize(sample["stratum"])[0].astype(np.int64)
        weight = sample["weight"].to_numpy(dtype=np.float64)
        for name, member in _domains(sample, whole):
            for setting in (s for s in SETTINGS if s in sample):
                answered = member & sample[setting].notna().to_numpy()
                left = int(member.sum() - answered.sum())
                if left:
                    said = f"{name}, {word_in(findings.lang, setting)}"
                    findings.deliver("setting", said, "unused", left, "no_answer")
                if not answered.any():
                    continue
                for response in RESPONSES:
                    gave = (sample[setting] == response).to_numpy()
                    found = domain_share(gave, weight, strata, answered)
                    if np.isnan(found.deff):
                        findings.add("lonely_stratum", column="stratum", area=name, wave=wave)
                        break
                    shares.append(
                        {
                            "area": name,
                            "wave": wave,
                            "setting": setting,
                            "response": response,
                            "percent": round(100 * found.share, DECIMALS),
                            "n": found.n,
                            "decimals": DECIMALS,
                            "deff": found.deff,
                            "comparator": "=",
                            "source": "egen beregning af svar",
                            "standard_error": 100 * found.standard_error,
                        }
                    )
    if not shares and not findings.faults:
        findings.add("no_answers")
    return pd.DataFrame(shares)


def _domains(
    sample: pd.DataFrame, whole: str | None
) -> list[tuple[str, np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    """Name and members of every area of a wave."""
    domains = [(str(a), (sample["area"] == a).to_numpy()) for a in sample["area"].unique()]
    if "also" in sample:
        domains += [
            (str(a), (sample["also"] == a).to_numpy()) for a in sample["also"].dropna().unique()
        ]
    if whole is not None and whole not in {name for name, _ in domains}:
        domains.append((whole, np.ones(len(sample), dtype=bool)))
    return domains
