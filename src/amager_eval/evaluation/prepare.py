"""Make an input ready: the year's own figures, as the agreement names them, nothing small shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from amager_eval.conventions import crime_year_of_wave
from amager_eval.disclosure.mask import mask_small_counts
from amager_eval.errors import InputError
from amager_eval.record.baseline import hold_against_baseline
from amager_eval.record.earlier_publications import earlier_publications
from amager_eval.record.fill_baseline import fill_baseline
from amager_eval.wording.faults import fault_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amager_eval.data.input import Input
    from amager_eval.errors import Fault
    from amager_eval.spec.agreement import Agreement

__all__ = ["as_agreed", "hold_year", "prepare", "statement_year", "until_year"]


def prepare(
    data: Input,
    agreement: Agreement,
    year: int,
    *,
    record: str | Path | None = None,
    tell: Callable[[Sequence[Fault]], None] | None = None,
) -> Input:
    """Take from an input what a statement of a year may see and show.

    Parameters
    ----------
    data : Input
        From :func:`amager_eval.published` or :func:`amager_eval.read_input`.
    agreement : Agreement
        What was promised: its areas, its threshold of small counts.
    year : int
        Survey wave; later figures are left out.
    record : str, Path or None
        Folder of the yearly record: its frozen baseline is held against the input, and stands
        in where the input no longer holds that year.
    tell : callable or None
        Called with what differs from the frozen baseline, instead of refusing the input for it.

    Returns
    -------
    Input
        For :func:`amager_eval.evaluation.fit.fit` and :func:`amager_eval.evaluation.judge.judge`.

    Raises
    ------
    InputError
        The year is not in the input, or it differs from the frozen baseline.
    """
    folder = None if record is None else Path(record)
    hold_year(data, agreement, year)
    data = until_year(as_agreed(data, agreement), year)
    if folder is not None:
        try:
            warnings = hold_against_baseline(data, agreement, folder)
            data = fill_baseline(data, agreement, folder)
        except InputError as error:
            if tell is None:
                raise
            warnings = error.faults
        if tell is not None:
            tell(warnings)
    return mask_small_counts(data, agreement, earlier_publications(folder))


def statement_year(data: Input, agreement: Agreement) -> int:
    """Return the survey wave an input is the status of: its latest, or the delivery's own."""
    if data.latest is not None:
        return data.latest
    if data.safety is not None and len(data.safety):
        return int(data.safety["wave"].max())
    if data.crime is not None and len(data.crime):
        return int(data.crime["period"].astype(str).str[:4].astype(int).max()) + 1
    if data.activities is not None:
        period = agreement.period
        return agreement.safety.baseline_wave if period is None else period.start.year
    raise InputError(fault_of("nothing_to_judge"))


def hold_year(data: Input, agreement: Agreement, year: int) -> None:
    """Refuse a year that nothing in an input without a survey is about."""
    if data.safety is not None and len(data.safety):
        return  # its waves are the years; see until_year
    if data.crime is not None and len(data.crime):
        last = data.crime["period"].astype(str).str[:4].astype(int)
        years = sorted(set(last + 1))  # a status looks at the year before
    elif agreement.period is not None:
        end = max(agreement.period.end.year, agreement.safety.alternative_target_wave)
        years = list(range(agreement.period.start.year, end + 1))
    else:
        return
    if year not in years:
        raise InputError(fault_of("year_absent", year=year, first=years[0], last=years[-1]))


def as_agreed(data: Input, agreement: Agreement) -> Input:
    """Take the whole, its parts and the day of its inhabitants from the agreement."""
    areas: set[str] = set()
    for frame in (data.safety, data.crime, data.population):
        if frame is not None:
            areas |= set(frame["area"])
    whole = agreement.areas.whole if agreement.areas.whole in areas else data.whole
    # all of them: parts that were not delivered are still parts, or the others would be the whole
    parts = agreement.areas.parts if whole == agreement.areas.whole else data.parts
    safety = data.safety
    if safety is not None and "area_kind" in safety:
        # what the agreement names is modelled, whatever kind the input calls it; the rest
        # (earlier versions of the area, estates) is modelled only where its kind says so
        named = {agreement.areas.whole, *agreement.areas.parts, *agreement.areas.evaluated.names}
        safety = safety.assign(area_kind=safety["area_kind"].mask(safety["area"].isin(named)))
    day = agreement.crime.inhabitants_on
    return replace(data, safety=safety, whole=whole, parts=parts, inhabitants_on=day)


def until_year(data: Input, year: int) -> Input:
    """Leave out what was published after wave `year`; refuse a wave that is not there."""
    safety, crime = data.safety, data.crime
    if safety is not None and len(safety):
        waves = sorted(set(safety["wave"].astype(int)))
        if year not in waves:
            raise InputError(fault_of("wave_absent", year=year, first=waves[0], last=waves[-1]))
        safety = safety[safety["wave"] <= year]
    if crime is not None and len(crime):
        # the wave's own crime chapter is the year before; a yearly status sees nothing later
        crime = crime[crime["period"].astype(str).str[:4].astype(int) <= crime_year_of_wave(year)]
    return replace(data, safety=safety, crime=crime)
