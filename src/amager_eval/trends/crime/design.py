"""Counts and population to the arrays the crime model is built from: one Dataset, no PyMC."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from amager_eval.data.frame_kinds import as_pandas
from amager_eval.data.input import Input
from amager_eval.data.period import Period, midpoints, parse_period, per_year, period_range
from amager_eval.data.tables.frames import check_crime, check_population
from amager_eval.errors import Fault, InputError, SpecError
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.spec.model import ModelSpec
from amager_eval.trends.crime.disjoint import DisjointCounts, split_counts
from amager_eval.trends.crime.effects import correlation, effect_matrix, share_basis
from amager_eval.trends.crime.geometry import HALF_NORMAL_MEDIAN, walk_geometry
from amager_eval.trends.crime.options import CrimeOptions, crime_options, free_priors
from amager_eval.trends.crime.own_effects import add_own_effects
from amager_eval.trends.prior_draws import draw_prior

__all__ = ["REMAINDER", "crime_design", "rest_name"]

type Floats = NDArray[np.float64]

#: Name of what is left of a total when its nested types are taken out.
REMAINDER: Final = "remainder"
#: Draws whose median stands for a prior's in the sampler's geometry.
_MEDIAN_DRAWS: Final = 4001
#: A rest smaller than this share of the whole is no area: the parts make up the whole.
NO_REST: Final = load_assumptions().crime_model.no_rest


def rest_name(whole: str) -> str:
    """Name of the whole without its areas of interest.

    Examples
    --------
    >>> rest_name("København")
    'rest of København'
    """
    return f"rest of {whole}"


@dataclass(frozen=True, eq=False)
class _Published:
    """Counts as published, on a regular grid, with what contains what.

    `members` holds for each published area (type) the indices of the modelled ones.
    """

    count: Floats  # area, crime_type, period
    areas: tuple[str, ...]
    types: tuple[str, ...]
    periods: tuple[Period, ...]
    modelled_areas: tuple[str, ...]
    modelled_types: tuple[str, ...]
    area_members: tuple[tuple[int, ...], ...]
    type_members: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class _People:
    """Inhabitants of an area at the times (years) they were given for; dims `time`.

    `rows` are the rows they stand in, 0 where that is not known.
    """

    times: Floats
    inhabitants: Floats
    rows: NDArray[np.int64]


def crime_design(
    data: Input | pd.DataFrame,
    spec: ModelSpec,
    *,
    population: pd.DataFrame | None = None,
    whole: str | None = None,
    definition: str | None = None,
    parts: Sequence[str] = (),
) -> xr.Dataset:
    """Build every array of the crime model, after checking the data.

    Parameters
    ----------
    data : Input or DataFrame
        An input, or a bare frame `area, period, crime_type, count` with optional `definition`
        and `population`. A count that is not known is left empty, or its row out.
    spec : ModelSpec
        The crime model's document.
    population : DataFrame or None
        `area, period, population`: inhabitants on the first day of the period; dates after the
        last count are taken as a projection.
    whole : str or None
        The area that contains the others; None lets areas stand alone.
    definition : str or None
        Which definition of crime; needed where the data hold several.
    parts : sequence of str
        The disjoint areas inside the whole; default the input's, and for a frame every other
        area.

    Returns
    -------
    Dataset
        Dims `area, crime_type, period` (modelled cells), `path, component` (random walks),
        `effect` (season, pandemic, steps), `out_area, out_type` (what is reported), `lump,
        member` (counts known as sums), `future` (periods with known population). Exposure in
        thousand inhabitants, times in years.

    Raises
    ------
    InputError
        What the checks found, each with row and column.
    SpecError
        The document names a type in `options.types` that the data have no count of.
    """
    data, population = as_pandas(data), as_pandas(population)
    options = crime_options(spec)
    _hold_types(options, data)
    frame, population, whole, own_parts, definition = _one_definition(
        data, population, whole, definition
    )
    parts = tuple(parts) or own_parts
    published = _grid(frame, whole, parts, options.nested(definition), options.total.type)
    exposure, growth, last_known = _exposure(frame, population, published, options)
    split = split_counts(
        published.count,
        published.area_members,
        published.type_members,
        (published.areas, published.types, [str(p) for p in published.periods]),
        {
            (str(area), str(kind), str(period)): int(row)
            for area, kind, period, row in zip(
                frame["area"], frame["crime_type"], frame["period"], frame.index, strict=True
            )
            if row
        },
    )
    design = xr.Dataset(
        {
            "count": (("area", "crime_type", "period"), split.count),
            "published": (("published_area", "published_type", "period"), published.count),
            "exposure": (("area", "future"), exposure),
            "growth": (("area",), growth),
            "out_area_members": (("out_area", "area"), _membership(published.area_members)),
            "out_type_members": (("out_type", "crime_type"), _membership(published.type_members)),
        },
        coords={
            "area": list(published.modelled_areas),
            "crime_type": list(published.modelled_types),
            "period": [str(p) for p in published.periods],
            "future": [str(published.periods[0].shift(i)) for i in range(exposure.shape[1])],
        },
        attrs={
            "definition": definition,
            "whole": whole or "",
            "per_year": per_year(published.periods),
            "baseline_year": options.baseline_year,
            "total": options.total.type,
            "total_parts": ";".join(_parts_of_total(published)),
            "population_known_through": last_known,
            # area, type and period of each; text, as a file keeps it
            "counts_left_out": json.dumps(split.left_out, ensure_ascii=False),
        },
    )
    design = _add_outputs(design, published)
    design = _add_lumps(design, split)
    design = _add_paths(design, published, whole)
    design = _add_time(design, published.periods, options)
    design = _add_effects(design, options, spec)
    design = add_own_effects(design, options)
    design = _add_priors(design, options, spec)
    return walk_geometry(design)


# ---------------------------------------------------------------- reading


def _one_definition(
    data: Input | pd.DataFrame,
    population: pd.DataFrame | None,
    whole: str | None,
    definition: str | None,
) -> tuple[pd.DataFrame, pd.DataFrame | None, str | None, tuple[str, ...], str]:
    """Take the counts of exactly one definition, checked, with their population and whole.

    The frames' index is the row each figure stands in: 0 in an input, which does not know it.
    """
    parts: tuple[str, ...] = ()
    bare_people = population is not None
    if isinstance(data, Input):
        if data.crime is None:
            raise InputError("this input holds no crime frame; supply crime.csv.")
        frame, parts = data.crime, data.parts
        population = data.population if population is None else population
        frame = frame[frame["count"].notna()]
    else:
        frame = data
    numbers = np.arange(1, len(frame) + 1 if isinstance(frame, pd.DataFrame) else 1)
    if isinstance(frame, pd.DataFrame) and "definition" in frame.columns:
        _no_empty_definition(frame)
        found = [str(d) for d in frame["definition"].dropna().unique()]
        if definition is None and len(found) > 1:
            raise InputError(
                Fault(
                    "crime is reported by several definitions, which are never mixed",
                    found=", ".join(found),
                    remedy="Name one: fit_crime(..., definition='...').",
                    column="definition",
                )
            )
        if definition is not None and definition not in found:
            raise InputError(
                Fault(
                    f"there are no counts by the definition {definition!r}",
                    found=", ".join(found) or "no definition",
                    remedy="Name one that is there.",
                    column="definition",
                )
            )
        definition = definition or (found[0] if found else "")
        keep = frame["definition"].astype("str") == definition if definition else slice(None)
        numbers, frame = numbers[keep], frame[keep]
    frame = check_crime(frame, population, rows=numbers.tolist())
    frame.index = pd.Index(0 * numbers if isinstance(data, Input) else numbers)
    if population is not None:
        population = check_population(population)
        population.index = pd.Index(np.arange(1, len(population) + 1) * bare_people)
    counted = frame.loc[frame["count"].notna(), "area"]
    if whole is not None and whole not in set(counted):
        raise InputError(
            Fault(
                f"`whole` is {whole!r}, which has no counts",
                found=", ".join(map(str, counted.unique())),
                remedy="Name the area that contains the others, or leave `whole` out.",
                column="area",
            )
        )
    if whole is None and isinstance(data, Input) and data.whole in set(counted):
        whole = data.whole  # else it has no counts by this definition: areas stand alone
    return frame, population, whole, parts, definition or ""


def _hold_types(options: CrimeOptions, data: Input | pd.DataFrame) -> None:
    """Refuse scales of a type without counts: misspelt, they would be passed over in silence.

    A type counted by another definition than the one that is fitted is none of these: a document
    serves several.
    """
    frame = data.crime if isinstance(data, Input) else data
    if frame is None or not {"crime_type", "count"} <= set(frame.columns):
        return  # refused as such elsewhere
    counted = frame[frame["count"].notna()]
    known = {str(kind) for kind in counted["crime_type"].dropna().unique()}
    definitions = counted["definition"].unique() if "definition" in counted else ()
    if any(known & {*options.nested(str(definition))} for definition in definitions):
        known.add(REMAINDER)
    unknown = sorted(set(options.types) - known)
    if unknown and known:
        raise SpecError(
            f"crime model, options.types: there are no counts of {', '.join(unknown)}; found "
            f"{', '.join(sorted(known))}. Correct the name, or take it out."
        )


def _no_empty_definition(frame: pd.DataFrame) -> None:
    """Refuse rows that do not say by which definition they count, where others do."""
    empty = frame["definition"].isna().to_numpy()
    if empty.all():
        return
    faults = [
        Fault(
            "this row does not say by which definition of crime it counts, and others do",
            found=f"{row['area']}, {row['crime_type']}, {row['period']}",
            remedy="Fill the definition in, or leave the row out.",
            row=int(at) + 1,
            column="definition",
        )
        for at, row in zip(
            np.flatnonzero(empty), frame[empty].to_dict(orient="records"), strict=True
        )
    ]
    if faults:
        raise InputError(faults)


def _grid(
    frame: pd.DataFrame,
    whole: str | None,
    parts: Sequence[str],
    nested: Sequence[str],
    total: str,
) -> _Published:
    """Lay counts on a regular grid from the first to the last period with a count."""
    frame = frame[frame["count"].notna()]
    if frame.empty:
        raise InputError(
            Fault(
                "there are no counts to fit a trend to: every one is empty",
                remedy="Supply counts of reports; a trend is not fitted to rates alone.",
                column="count",
            )
        )
    per_year(frame["period"].unique())
    parsed = sorted(parse_period(p) for p in frame["period"].unique())
    periods = tuple(period_range(parsed[0], parsed[-1]))
    if len(periods) < 2:
        raise InputError(
            Fault(
                "a trend needs at least two periods",
                found=str(periods[0]),
                remedy="Supply earlier years, quarters or months of the same definition.",
                column="period",
            )
        )
    areas = tuple(str(a) for a in frame["area"].unique())
    types = tuple(str(k) for k in frame["crime_type"].unique())
    count = np.full((len(areas), len(types), len(periods)), np.nan)
    at = {str(p): i for i, p in enumerate(periods)}
    rows = frame["area"].map({a: i for i, a in enumerate(areas)}).to_numpy()
    columns = frame["crime_type"].map({k: i for i, k in enumerate(types)}).to_numpy()
    count[rows, columns, frame["period"].map(at).to_numpy()] = frame["count"].to_numpy()

    modelled_areas, area_members = _areas_inside(areas, whole, parts)
    held = tuple(k for k in types if k in nested) if total in types else ()
    if held and not _nested_everywhere(frame, whole, held, total):
        held = ()
    if held:
        modelled_types = (*(k for k in types if k != total), REMAINDER)
        inside = [modelled_types.index(k) for k in (*held, REMAINDER)]
        type_members = tuple(
            tuple(sorted(inside)) if k == total else (modelled_types.index(k),) for k in types
        )
    else:
        modelled_types, type_members = types, tuple((i,) for i in range(len(types)))
    return _Published(
        count, areas, types, periods, modelled_areas, modelled_types, area_members, type_members
    )


def _nested_everywhere(
    frame: pd.DataFrame, whole: str | None, held: Sequence[str], total: str
) -> bool:
    """Whether every area inside the whole that has the total has the whole's nested types too.

    The total of an area without them crosses the whole's types: as a sum of cells one of the two
    would have to go. Where that is so the total is modelled itself, and every count is used.
    """
    if whole is None:
        return True
    of_area: dict[str, set[str]] = {}
    for area, kind in zip(frame["area"], frame["crime_type"], strict=True):
        of_area.setdefault(str(area), set()).add(str(kind))
    wanted = of_area.get(whole, set()) & set(held)
    return all(wanted <= kinds for kinds in of_area.values() if total in kinds)


def _areas_inside(
    areas: Sequence[str], whole: str | None, parts: Sequence[str]
) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    """Modelled areas, and of which of them each published area is made.

    Areas named as parts are disjoint; where none is, all areas inside the whole are taken to
    be. Any further area overlaps them: it gets its own cells and is not taken out of the whole.
    """
    if whole is None or len(areas) == 1:
        return tuple(areas), tuple((i,) for i in range(len(areas)))
    inside = [a for a in areas if a != whole]
    disjoint = [a for a in inside if a in parts] or inside
    modelled = (*inside, rest_name(whole))
    whole_members = tuple(sorted(modelled.index(a) for a in (*disjoint, rest_name(whole))))
    members = tuple(whole_members if a == whole else (modelled.index(a),) for a in areas)
    return modelled, members


# ---------------------------------------------------------------- population


def _exposure(
    frame: pd.DataFrame,
    population: pd.DataFrame | None,
    published: _Published,
    options: CrimeOptions,
) -> tuple[Floats, Floats, str]:
    """Thousand inhabitants per modelled area and period, through the last known date.

    Returns
    -------
    exposure : ndarray
        Dims `area, future`.
    growth : ndarray
        Log growth per year over the last years, dims `area`.
    last_known : str
        Last period whose population was supplied or lies between dates supplied.
    """
    known = _population_points(frame, population)
    step = published.periods[0].per_year
    ends = [people.times[-1] for a, people in known.items() if a in published.areas]
    last_date = max(ends)
    ahead = max(0, int(np.floor((last_date - published.periods[-1].midpoint) * step)))
    periods = [published.periods[0].shift(i) for i in range(len(published.periods) + ahead)]
    times = midpoints(periods)
    by_area = {a: _interpolated(known[a], times, options) for a in published.areas}
    rows = []
    for i, area in enumerate(published.modelled_areas):
        if area in by_area:
            rows.append(by_area[area])
            continue
        whole = next(m for m in published.area_members if i in m and len(m) > 1)
        name = published.areas[published.area_members.index(whole)]
        others = [by_area[published.modelled_areas[j]] for j in whole if j != i]
        people = np.sum(others, axis=0)
        rows.append(_rest_of(name, by_area[name], people, periods, known[name]))
    exposure = np.array(rows) / 1000.0
    back = min(len(times) - 1, round(options.population.growth_years * step))
    growth = np.log(exposure[:, -1] / exposure[:, -1 - back]) / (times[-1] - times[-1 - back])
    short = max(0, int(np.ceil((last_date - min(ends)) * step)))  # of the area known least far
    return exposure, growth, str(periods[-1].shift(-short))


def _rest_of(
    whole: str, inhabitants: Floats, inside: Floats, periods: Sequence[Period], given: _People
) -> Floats:
    rest = inhabitants - inside
    worst = int(np.argmin(rest / inhabitants))
    if rest[worst] < -NO_REST * inhabitants[worst]:
        # the figure of the whole that lies nearest: between dates no row holds the number itself
        row = given.rows[np.argmin(np.abs(given.times - periods[worst].midpoint))]
        raise InputError(
            Fault(
                f"the areas inside {whole} have more inhabitants than {whole} in {periods[worst]}",
                found=f"{inside[worst]:.0f} against {inhabitants[worst]:.0f}",
                remedy="Name only disjoint areas as parts, or correct the population.",
                row=int(row) or None,
                column="population",
            )
        )
    # where the parts make up the whole the rest is nobody: an exposure that weighs nothing
    return np.maximum(rest, 1e-6 * inhabitants)


def _population_points(frame: pd.DataFrame, population: pd.DataFrame | None) -> dict[str, _People]:
    """Per area what was given; the checks saw to it that one time has one number."""
    if population is None:
        times = {p: parse_period(p).midpoint for p in frame["period"].unique()}
        source = frame[frame["population"].notna()]
    else:
        times = {p: parse_period(p).start for p in population["period"].unique()}
        source = population
    source = source.assign(time=source["period"].map(times)).drop_duplicates(["area", "time"])
    return {
        str(area): _People(
            rows["time"].to_numpy(dtype=np.float64),
            rows["population"].to_numpy(dtype=np.float64),
            rows.index.to_numpy(),
        )
        for area, rows in source.sort_values("time").groupby("area", sort=False)
    }


def _interpolated(people: _People, times: Floats, options: CrimeOptions) -> Floats:
    """Log-linear between dates; outside them the mean growth of the nearest years."""
    at, inhabitants = people.times, people.inhabitants
    log = np.log(inhabitants)
    if len(at) == 1:
        return np.full(len(times), inhabitants[0])
    values = np.interp(times, at, log)
    for edge, beyond, neighbours in (
        (0, times < at[0], at <= at[0] + options.population.growth_years),
        (-1, times > at[-1], at >= at[-1] - options.population.growth_years),
    ):
        near = np.flatnonzero(neighbours)
        if len(near) > 1:
            slope = (log[near[-1]] - log[near[0]]) / (at[near[-1]] - at[near[0]])
            values = np.where(beyond, log[edge] + slope * (times - at[edge]), values)
    return np.exp(values)


# ---------------------------------------------------------------- arrays


def _membership(members: Sequence[Sequence[int]]) -> Floats:
    matrix = np.zeros((len(members), 1 + max(i for m in members for i in m)))
    for row, inside in enumerate(members):
        matrix[row, list(inside)] = 1.0
    return matrix


def _parts_of_total(published: _Published) -> list[str]:
    """Modelled types that add up to the total; none where the total is modelled itself."""
    made_of = max(published.type_members, key=len)
    return [published.modelled_types[i] for i in made_of] if len(made_of) > 1 else []


def _add_outputs(design: xr.Dataset, published: _Published) -> xr.Dataset:
    """Name what is reported: the published areas and types, then the rest and the remainder."""
    complete = _no_rest(design)
    extra_areas = [a for a in published.modelled_areas if a not in published.areas and not complete]
    extra_types = [k for k in published.modelled_types if k not in published.types]
    area_rows = [published.modelled_areas.index(a) for a in extra_areas]
    type_rows = [published.modelled_types.index(k) for k in extra_types]
    out_areas = np.vstack(
        [design["out_area_members"].values, np.eye(design.sizes["area"])[area_rows]]
    )
    out_types = np.vstack(
        [design["out_type_members"].values, np.eye(design.sizes["crime_type"])[type_rows]]
    )
    return (
        design.drop_vars(["out_area_members", "out_type_members"])
        .assign(
            out_area_members=(("out_area", "area"), out_areas),
            out_type_members=(("out_type", "crime_type"), out_types),
        )
        .assign_coords(
            out_area=[*published.areas, *extra_areas],
            out_type=[*published.types, *extra_types],
            published_area=list(published.areas),
            published_type=list(published.types),
        )
    )


def _no_rest(design: xr.Dataset) -> bool:
    """Whether the parts make up the whole."""
    whole = str(design.attrs["whole"])
    if not whole or rest_name(whole) not in design["area"].values:
        return False
    exposure = design["exposure"].values
    return bool(np.all(exposure[-1] < NO_REST * exposure.sum(axis=0)))


def _add_lumps(design: xr.Dataset, split: DisjointCounts) -> xr.Dataset:
    """Index of every cell of a lump in the flattened cells; the last index is an empty cell."""
    n_types, n_periods = design.sizes["crime_type"], design.sizes["period"]
    width = max((len(lump.cells) for lump in split.lumps), default=1)
    empty = design["count"].size
    index = np.full((len(split.lumps), width), empty, dtype=np.int64)
    kind = np.zeros(len(split.lumps), dtype=np.int64)
    for row, lump in enumerate(split.lumps):
        for column, (i, j) in enumerate(lump.cells):
            index[row, column] = (i * n_types + j) * n_periods + lump.period
        kind[row] = max(j for _, j in lump.cells)  # the remainder stands last
    return design.assign(
        lump_cells=(("lump", "member"), index),
        lump_type=(("lump",), kind),
        lump_count=(("lump",), np.array([lump.count for lump in split.lumps])),
    )


def _add_paths(design: xr.Dataset, published: _Published, whole: str | None) -> xr.Dataset:
    """Mark the areas whose path is that of the rest of the whole plus a gap."""
    is_gap = np.zeros(design.sizes["area"])
    if whole is not None and rest_name(whole) in published.modelled_areas:
        is_gap[:] = 1.0
        is_gap[published.modelled_areas.index(rest_name(whole))] = 0.0
    return design.assign(is_gap=(("area",), is_gap))


def _add_time(design: xr.Dataset, periods: Sequence[Period], options: CrimeOptions) -> xr.Dataset:
    """Time in years from its mean, the baseline's weights, and the walk's rotated basis."""
    time = midpoints(periods)
    years = np.array([p.year for p in periods])
    full = [y for y in np.unique(years) if (years == y).sum() == periods[0].per_year]
    usable = [y for y in full if y <= options.baseline_year]
    chosen = max(usable) if usable else (min(full) if full else years[-1])
    weight = (years == chosen) / (years == chosen).sum()
    n = len(periods)
    steps = np.tril(np.ones((n, n)), -1)[:, : n - 1] / np.sqrt(periods[0].per_year)
    left, size, _ = np.linalg.svd(steps - steps.mean(axis=0), full_matrices=False)
    walk, passing = (left * size)[:, : n - 1], np.zeros(n - 1)
    rho = correlation(options.passing.half_life_years, periods[0].per_year)
    # in periods longer than its half-life it could not be told from the dispersion
    passes = rho >= 0.5 and bool(design["is_gap"].values.any())
    if passes:
        walk, passing = share_basis(walk, rho)
    elif not (seen := _counted(design).any(axis=0)).all():
        # what is seen is told apart from what periods without any count leave open
        _, rotation = np.linalg.eigh(walk[seen].T @ walk[seen])
        walk = walk @ rotation
    design.attrs["anchor_year"] = int(chosen)
    design.attrs["passing_correlation"] = rho if passes else 0.0
    shared = options.shared_innovation
    # one type alone shares its movements with nobody
    together = shared is not None and design.sizes["crime_type"] > 1
    design.attrs["shared_innovation"] = shared.share if shared and together else 0.0
    return design.assign(
        time=(("period",), time - time.mean()),
        baseline_weight=(("period",), weight),
        walk=(("period", "component"), walk),
        passing_in_walk=(("component",), passing),
    )


def _add_effects(design: xr.Dataset, options: CrimeOptions, spec: ModelSpec) -> xr.Dataset:
    types = [str(k) for k in design["crime_type"].values]
    periods = [parse_period(p) for p in design["period"].values]
    names, matrix, scale = effect_matrix(
        periods, types, options, spec, str(design.attrs["definition"])
    )
    counted = _counted(design).astype(np.float64)
    # an effect of periods without a count could only be drawn from its prior: it is left out
    shown = counted @ (matrix != 0).T > 0
    # so is a step no count lies after: all are of one recording, which the level is read in
    steps = np.char.startswith(names, "step_")
    shown &= (counted @ (matrix != 1).T > 0) | ~steps
    scale = np.where(shown, scale, 0.0)
    return design.assign(
        effect_value=(("effect", "period"), matrix),
        effect_scale=(("crime_type", "effect"), scale),
        completeness=(("crime_type", "period"), _log_completeness(types, periods, options)),
    ).assign_coords(effect=names, season_contrast=names[: periods[0].per_year - 1])


def _counted(design: xr.Dataset) -> NDArray[np.bool_]:
    """Whether any area has a count of a type, by itself or in a sum, dims `crime_type, period`."""
    known = (~np.isnan(design["published"].values)).any(axis=0)
    members = design["out_type_members"].values[: len(known)] > 0
    return np.asarray((members[:, :, None] & known[:, None, :]).any(axis=0))


def _log_completeness(
    types: Sequence[str], periods: Sequence[Period], options: CrimeOptions
) -> Floats:
    """Log share of offences that carry an area, against the baseline year; zero when off.

    After the last declared year the last share is held: a later year is read as it. Before the
    first nothing is known, and holding it there would call an old rise or fall real.
    """
    offset = np.zeros((len(types), len(periods)))
    if not options.completeness.apply:
        return offset
    for row, kind in enumerate(types):
        shares: Mapping[Any, float] = options.completeness.share_without_area.get(kind, {})
        if shares:
            years = sorted(shares)
            first = min(periods[0].year, options.baseline_year)
            if first < years[0]:
                raise InputError(
                    Fault(
                        f"the share of {kind} without an area is declared from {years[0]} on: "
                        "before that nothing says how complete the reports are",
                        found=str(first),
                        remedy=f"Leave the years before {years[0]} out, or switch "
                        "options.completeness off.",
                        column="period",
                    )
                )
            kept = np.log1p(-np.array([shares[y] for y in years]))
            base = np.interp(options.baseline_year, years, kept)
            offset[row] = np.interp([p.year for p in periods], years, kept) - base
    return offset


def _add_priors(design: xr.Dataset, options: CrimeOptions, spec: ModelSpec) -> xr.Dataset:
    """Prior locations and scales per path and type, with the spec's per-type overrides."""
    types = [str(k) for k in design["crime_type"].values]
    priors = spec.priors
    gap = design["is_gap"].values[:, None]
    crude = _log_crude_rate(design)
    free = free_priors(spec)
    # to the geometry a prior of another family is the half-normal of the same median
    rng = np.random.default_rng(1)
    alike = {
        name: float(np.median(draw_prior(prior, (_MEDIAN_DRAWS,), rng))) / HALF_NORMAL_MEDIAN
        for name, prior in free.items()
    }
    if free:  # text, as a file keeps it
        declared = {n: p.model_dump(mode="json") for n, p in free.items()}
        design.attrs["free_priors"] = json.dumps(declared, ensure_ascii=False)

    def scales(name: str) -> Floats:
        common = alike[name] if name in alike else priors[name]["sigma"]
        own = [getattr(options.types.get(k), name, None) for k in types]
        return np.array([common if value is None else value for value in own])

    classes = ["innovation", "innovation_gap"] if gap.any() else ["innovation"]
    innovation = np.stack([scales(name) for name in classes])
    dispersion = np.stack([scales(n.replace("innovation", "dispersion")) for n in classes])
    level = np.where(gap == 1, priors["level_gap"]["mu"], priors["level"]["mu"] + crude)
    level_sd = np.where(gap == 1, priors["level_gap"]["sigma"], priors["level"]["sigma"])
    return design.assign(
        level_mean=(("area", "crime_type"), level),
        level_sd=(("area", "crime_type"), np.broadcast_to(level_sd, level.shape).copy()),
        innovation_scale=(("path_class", "crime_type"), innovation),
        dispersion_scale=(("path_class", "crime_type"), dispersion),
        passing_scale=(("crime_type",), scales("passing")),
        season_gap_scale=(("crime_type",), scales("season_gap")),
        drift_spread=((), alike.get("drift_spread") or priors["drift_spread"]["sigma"]),
        drift_mean=((), priors["drift_mean"]["mu"]),
        drift_mean_sd=((), priors["drift_mean"]["sigma"]),
        drift_gap=((), priors["drift_gap"]["sigma"]),
        dispersion_spread=((), priors["dispersion_spread"]["sigma"]),
        population_growth_sd=((), priors["population_growth"]["sigma"]),
    ).assign_coords(path_class=["level", "gap"][: len(classes)])


def _log_crude_rate(design: xr.Dataset) -> Floats:
    """Log of reports per 1,000 per period in the baseline (else in all periods), per path."""
    count, weight = design["published"].values, design["baseline_weight"].values > 0
    members = design["out_area_members"].values[: count.shape[0]]
    exposure = members @ design["exposure"].values[:, : count.shape[2]]
    kinds = design["out_type_members"].values[: count.shape[1]]

    def rate(cells: NDArray[np.bool_]) -> Floats:
        seen = ~np.isnan(count) & cells
        people = (seen * exposure[:, None, :]).sum(axis=2)
        reports = np.where(seen, count, 0.0).sum(axis=2)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(people > 0, (reports + 0.5) / people, np.nan)

    base, ever = rate(weight), rate(np.ones_like(weight))
    crude = np.where(np.isnan(base), ever, base)
    whole = str(design.attrs["whole"])
    result = np.empty((design.sizes["area"], design.sizes["crime_type"]))
    least = load_assumptions().crime_model.least_remainder
    areas = list(design["published_area"].values)
    for p, path in enumerate(design["area"].values):
        source = areas.index(path) if path in areas else areas.index(whole)
        own = crude[source]
        singles = {int(np.argmax(row)): own[v] for v, row in enumerate(kinds) if row.sum() == 1}
        for k in range(result.shape[1]):
            if k in singles:
                result[p, k] = singles[k]
            else:  # the remainder: the total less its nested types
                total = next(v for v, row in enumerate(kinds) if row.sum() > 1)
                inside = [own for j, own in singles.items() if kinds[total][j]]
                result[p, k] = max(own[total] - np.nansum(inside), least * own[total])
    # a type an area never reported: the mean of the areas that did
    return np.log(np.where(np.isnan(result), np.nanmean(result, axis=0), result))
