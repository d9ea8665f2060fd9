"""How every figure looks: colours far apart for every colour vision, and DejaVu everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "CITY",
    "GOAL",
    "INK",
    "MUTED",
    "Look",
    "axes_or_new",
    "font_folder",
    "is_narrow",
    "looks",
    "style",
]

INK: Final = "#1a1a1a"
MUTED: Final = "#595959"  # 7:1 on white
#: Narrower is a phone's: a page's figure and one a researcher draws are wider.
_NARROW_INCHES: Final = 4.5
GOAL: Final = "#D55E00"


@dataclass(frozen=True)
class Look:
    """Colour, marker and line of an area; each alone tells areas apart."""

    colour: str
    marker: str
    line: str


CITY: Final = Look("#000000", "s", "--")
_PARTS: Final = (
    Look("#0072B2", "o", "-"),
    Look("#8A3F8F", "^", "-"),
    Look("#00664B", "D", "-."),
    Look("#7A5A00", "v", ":"),
)


def looks(areas: Sequence[str], whole: str | None) -> dict[str, Look]:
    """Give every area its look: the whole black and dashed, the others in order.

    Examples
    --------
    >>> looks(["København", "Amager Øst"], "København")["Amager Øst"].colour
    '#0072B2'
    """
    parts = [a for a in areas if a != whole]
    chosen = {a: _PARTS[i % len(_PARTS)] for i, a in enumerate(parts)}
    return chosen | {a: CITY for a in areas if a == whole}


def style() -> AbstractContextManager[None]:
    """Return the context in which a figure is drawn and saved; nothing outside it changes."""
    return mpl.rc_context(
        {
            "font.family": "DejaVu Sans",
            "font.size": 8,
            "axes.titlesize": 8.5,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelsize": 8,
            "axes.edgecolor": MUTED,
            "axes.labelcolor": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.formatter.use_locale": False,
            "axes.unicode_minus": True,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
            "xtick.labelsize": 7.5,
            "ytick.labelsize": 7.5,
            "text.color": INK,
            "lines.linewidth": 1.6,
            "lines.markersize": 4.5,
            "hatch.linewidth": 0.6,
            "svg.fonttype": "none",
            "svg.hashsalt": "amager_eval",
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
        }
    )


def is_narrow(ax: Axes) -> bool:
    """Whether the figure is as narrow as a phone: then words stand above what they name."""
    figure = ax.get_figure(root=True)
    return figure is not None and bool(figure.get_figwidth() < _NARROW_INCHES)


def axes_or_new(ax: Axes | None) -> Axes:
    """Return the axes to draw on: the caller's, or those of a new figure of their own."""
    return Figure(figsize=(5.5, 3.4), layout="constrained").subplots() if ax is None else ax


def font_folder() -> Path:
    """Folder of the DejaVu fonts that matplotlib ships: the only fonts the appendix uses."""
    return Path(mpl.get_data_path()) / "fonts" / "ttf"
