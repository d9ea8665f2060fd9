"""A picture of the appendix: its finding, its words for those who cannot see it, its panels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Picture"]


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture: one or more panels under one finding."""

    id: str  #: File name without ending
    title: str  #: The finding, a sentence computed from the numbers
    alt: str  #: What it shows, in numbers, for those who cannot see it
    caption: str  #: What is measured, n, and what the bands mean
    source: str  #: Where the figures come from; drawn under the panels
    panels: tuple[Callable[[Axes], Axes], ...]  #: Each draws one panel on the Axes it is given
    columns: int = 1  #: Panels side by side
    height: float = 70.0  #: Millimetres, at 172 mm width
    #: Millimetres of the drawing for a phone, at 92 mm width; None: every panel as on the page.
    narrow_height: float | None = None
    synthetic: bool = False  #: Whether it is marked as made from made-up figures
    #: The panels a slide shows: those its title is about; empty: all of them.
    message: tuple[int, ...] = ()
