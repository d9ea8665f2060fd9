"""A back-test panel by its name, or of any city's input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amager_eval.data.period import parse_period
from amager_eval.data.read import read_input
from amager_eval.errors import Fault, InputError
from amager_eval.evidence.backtest.panels import PANELS, make_panel

if TYPE_CHECKING:
    import pandas as pd

    from amager_eval.data.input import Input
    from amager_eval.evidence.backtest.panel import Panel
    from amager_eval.trends.fit import Kind

__all__ = ["find_panel"]

#: Years ahead a city's own figures are forecast, and origins, a year apart, where none are named.
_YEARS_AHEAD: Final = {"crime": 2, "safety": 4}
_ORIGINS: Final = 3
#: Years an origin must have behind it.
_LEAST_YEARS: Final = {"crime": 3, "safety": 6}


def find_panel(
    name: str,
    *,
    model: Kind | None = None,
    origins: Sequence[str] = (),
    definition: str | None = None,
) -> Panel:
    """Find a declared panel, or make one of an input folder or workbook.

    Of an input the last origin is held back; by default origins are the last three, a year apart,
    that leave two years (crime) or four (safety) to score.

    Examples
    --------
    >>> find_panel("crime_yearly").horizons
    (1, 2, 3)
    """
    if name in PANELS:
        panel = PANELS[name]()
        if model is not None and model != panel.kind:
            raise InputError(f"{name} holds {panel.kind} figures; leave --model {model} out.")
        if origins or definition is not None:
            option = f"--origins {','.join(origins)}" if origins else f"--definition {definition}"
            raise InputError(
                f"{name} is a declared panel: its origins ({', '.join(map(str, panel.origins))}) "
                f"and its figures are fixed; leave {option} out, or give an input of your own."
            )
        return panel
    if not Path(name).exists():
        raise InputError(
            Fault(
                "there is no such panel",
                found=name,
                remedy=f"Name one of {', '.join(sorted(PANELS))}, or a folder or workbook.",
            )
        )
    data = read_input(Path(name))
    kinds: list[Kind] = []
    if data.safety is not None:
        kinds.append("safety")
    if data.crime is not None:
        kinds.append("crime")
    if model is None and len(kinds) == 1:
        model = kinds[0]
    if model is None or model not in kinds:
        raise InputError(
            f"{name} holds {' and '.join(kinds) or 'neither safety nor crime'}; "
            "name one of them with --model."
        )
    frame = _crime(data, definition) if model == "crime" else _safety(data)
    return _panel(data, model, frame, origins)


def _crime(data: Input, definition: str | None) -> pd.DataFrame:
    assert data.crime is not None
    frame = data.crime[data.crime["count"].notna()]
    if "definition" in frame:
        found = [str(d) for d in frame["definition"].dropna().unique()]
        if definition is None and len(found) > 1:
            raise InputError(
                f"crime is reported by several definitions ({', '.join(found)}); "
                "name one with --definition."
            )
        if definition is not None:
            frame = frame[frame["definition"].astype(str) == definition]
    if frame.empty:
        raise InputError(f"there are no counts by the definition {definition}.")
    return frame.assign(period=frame["period"].astype(str))


def _safety(data: Input) -> pd.DataFrame:
    assert data.safety is not None
    return data.safety[data.safety["response"] != "neither"]


def _panel(data: Input, kind: Kind, frame: pd.DataFrame, origins: Sequence[str]) -> Panel:
    times = sorted(parse_period(t) for t in frame["period" if kind == "crime" else "wave"].unique())
    step = times[0].per_year
    reach = _YEARS_AHEAD[kind] * step
    if not origins:
        ends = [times[-1].shift(-reach - back * step) for back in range(_ORIGINS)]
        first = times[0].shift(_LEAST_YEARS[kind] * step - 1)
        origins = [str(p) for p in ends if not p < first]
    if len(origins) < 2:
        raise InputError(
            f"{data.name} runs from {times[0]} to {times[-1]}: too short for two origins; "
            "name them with --origins."
        )
    whole = data.whole if data.whole in set(frame["area"]) else None
    panel = make_panel(
        data.name,
        kind,
        frame,
        origins=[int(o) for o in origins] if kind == "safety" else origins,
        horizons=range(1, reach + 1),
        whole=whole,
        population=data.population if kind == "crime" else None,
    )
    if kind == "safety":
        background = replace(data, crime=None, activities=None, other_frames={})
        panel = replace(panel, background=background)
    elif whole is not None:  # an area that overlaps the parts is not taken out of the rest too
        panel = replace(panel, parts=tuple(p for p in data.parts if p in set(frame["area"])))
    return panel
