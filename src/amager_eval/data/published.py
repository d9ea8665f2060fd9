"""The figures that come with the package: what Copenhagen and Statistics Denmark published."""

from __future__ import annotations

import io
from importlib.resources import files
from typing import Final

import pandas as pd

from amager_eval.conventions import SETTINGS
from amager_eval.data.input import Input, SourceFile
from amager_eval.data.tables.cells import RowContext
from amager_eval.data.tables.frames import check_frame
from amager_eval.provenance import sha256_of_bytes
from amager_eval.spec.agreement import Agreement, load_agreement

__all__ = ["bundled_frame", "published"]

#: The one survey whose answers may stand in `safety`.
SURVEY: Final = "tryghedsundersoegelsen"
_SHARES: Final = "safety_shares.csv"
_ROUNDS: Final = "survey_rounds.csv"
_REPORTS: Final = "reported_crime_published.csv"
_STRAF11: Final = "straf11_quarterly_2016K1_2025K4.csv"
_FOLK1A: Final = "folk1a_1january_2016_2025.csv"
_FOLK1AM: Final = "folk1am_monthly_2021M10_2026M02.csv"
#: Of inhabitants; with the word, for stored scores carry the digest of these rows.
_CITED: Final = "Kilde: Danmarks Statistik, statistikbanken.dk"


def _content(name: str) -> bytes:
    return (files("amager_eval.data") / "bundled" / name).read_bytes()


def bundled_frame(name: str) -> pd.DataFrame:
    """Read one bundled CSV file as it stands; codes stay text.

    See `PROVENANCE.md` beside the files.

    Examples
    --------
    >>> bundled_frame("area_codes.csv").iloc[2].tolist()
    ['101', 'Copenhagen']
    """
    text = {"area": str, "offence": str, "code": str}
    return pd.read_csv(io.BytesIO(_content(name)), dtype=text, encoding="utf-8")


def published(agreement: Agreement | None = None) -> Input:
    """Return the published figures for Copenhagen, checked like any input.

    Parameters
    ----------
    agreement : Agreement or None
        Names the whole, its parts and which StatBank offences stand for which crime type;
        default the Amager agreement.

    Returns
    -------
    Input
        `safety`: the municipality's survey alone, `n` of the city's rows from the survey
        rounds. `crime`: published totals by the definitions `borgervendt` and `straffelov`
        (`per_1000` where only a rate was published), and the city's quarterly counts by the
        definition `STRAF11`, of types whose codes are all bundled. `population`: the city from
        FOLK1A (years 2016 to 2021) and FOLK1AM (months from 2021M10); the districts in 2025
        derived from count over rate.
        `other_frames["other_surveys"]`: figures of other surveys, with a column `survey`.

    Notes
    -----
    Sources: Københavns Kommune (each row's own), Danmarks Statistik
    (statistikbanken.dk/STRAF11, FOLK1A, FOLK1AM).

    Examples
    --------
    >>> data = published()
    >>> data.whole, len(data.parts), data.synthetic
    ('København', 13, False)
    """
    agreement = load_agreement() if agreement is None else agreement
    shares = _shares()
    own = shares["survey"] == SURVEY
    rounds = bundled_frame(_ROUNDS).rename(columns={"year": "wave", "source_url": "source"})
    rounds = _canonical(rounds, "survey_rounds")
    reports = _reports()
    context = RowContext(settings=SETTINGS)
    safety = _with_city_n(shares[own].drop(columns="survey"), rounds, agreement.areas.whole)
    crime = pd.concat([reports, _statbank_counts(agreement)], ignore_index=True)
    population = pd.concat(
        [_city_population(agreement), _derived_population(reports, agreement)], ignore_index=True
    )
    read = (_SHARES, _ROUNDS, _REPORTS, _STRAF11, _FOLK1A, _FOLK1AM)
    return Input(
        safety=_canonical(safety, "safety", context),
        survey_rounds=rounds,
        crime=_canonical(crime, "crime", RowContext(definition_required=True)),
        population=_canonical(population, "population"),
        activities=None,
        whole=agreement.areas.whole,
        parts=agreement.areas.parts,
        name="Offentliggjorte tal for København",
        files=tuple(SourceFile(name, sha256_of_bytes(_content(name))) for name in read),
        other_frames={
            "other_surveys": _canonical(shares[~own].reset_index(drop=True), "safety", context)
        },
    )


def _canonical(frame: pd.DataFrame, table: str, context: RowContext | None = None) -> pd.DataFrame:
    return check_frame(frame, table, context or RowContext(), "en")[0].frame


def _shares() -> pd.DataFrame:
    shares = bundled_frame(_SHARES).rename(columns={"year": "wave"})
    source = shares["source_title"] + (". " + shares["source_url"]).fillna("")
    return shares.assign(source=source).drop(columns=["source_title", "source_url"])


def _with_city_n(safety: pd.DataFrame, rounds: pd.DataFrame, whole: str) -> pd.DataFrame:
    """Give the city's rows the respondents of their wave; districts' n is not published."""
    respondents = safety["wave"].map(rounds.set_index("wave")["respondents"])
    return safety.assign(n=respondents.where(safety["area"] == whole)).reset_index(drop=True)


def _reports() -> pd.DataFrame:
    return bundled_frame(_REPORTS).rename(columns={"year": "period", "source_url": "source"})


def _statbank_counts(agreement: Agreement) -> pd.DataFrame:
    """Quarterly counts of the whole by the agreement's map of offence codes to types.

    A type with a code that is not bundled is left out: some of its codes would be a smaller type.
    """
    statbank = agreement.crime.statbank
    if statbank is None:
        return pd.DataFrame()
    counts = bundled_frame(_STRAF11)
    counts = counts[counts["area"] == statbank.area]
    frames: list[pd.DataFrame] = []
    for crime_type, codes in statbank.types.items():
        if not set(codes) <= set(counts["offence"]):
            continue
        chosen = counts[counts["offence"].isin(codes)]
        summed = chosen.groupby("quarter")["count"].sum().reset_index()
        frames.append(summed.assign(crime_type=crime_type))
    if not frames:
        return pd.DataFrame()
    both: pd.DataFrame = pd.concat(frames, ignore_index=True).rename(columns={"quarter": "period"})
    return both.assign(
        area=agreement.areas.whole,
        definition=statbank.table,
        source=f"Danmarks Statistik, statistikbanken.dk/{statbank.table}",
        source_grade="A",
    )


def _city_population(agreement: Agreement) -> pd.DataFrame:
    """Years until the monthly table begins, then months: no date comes twice."""
    code = agreement.crime.statbank.area if agreement.crime.statbank else ""
    years = bundled_frame(_FOLK1A).rename(columns={"quarter": "period"})
    months = bundled_frame(_FOLK1AM).rename(columns={"month": "period"})
    years = years.assign(
        period=years["period"].str.removesuffix("K1"),
        source=f"{_CITED}/FOLK1A",
    )
    months = months.assign(source=f"{_CITED}/FOLK1AM")
    years = years[years["period"].astype(int) <= int(months["period"].min()[:4])]
    both = pd.concat([years[years["area"] == code], months[months["area"] == code]])
    return both.assign(area=agreement.areas.whole).reset_index(drop=True)


def _derived_population(reports: pd.DataFrame, agreement: Agreement) -> pd.DataFrame:
    """Inhabitants of each part in the one year that publishes both count and rate for all."""
    parts = reports[reports["area"].isin(agreement.areas.parts)]
    parts = parts[
        (parts["crime_type"] == "total") & parts["count"].notna() & parts["per_1000"].notna()
    ]
    complete = parts.groupby("period")["area"].nunique() == len(agreement.areas.parts)
    chosen = parts[parts["period"].isin(complete.index[complete])]
    source = (
        "afledt: antal anmeldelser / anmeldelser pr. 1.000 indbyggere; raten er afrundet til hele "
        "tal, så indbyggertallet er usikkert. " + chosen["source"]
    )
    return chosen.assign(population=1000 * chosen["count"] / chosen["per_1000"], source=source)[
        ["area", "period", "population", "source"]
    ]
