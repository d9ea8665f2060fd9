"""Draw a picture: panels, finding above, source line below, the mark of synthetic data."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from amager_eval.figures.style import INK, MUTED, style

if TYPE_CHECKING:
    from amager_eval.figures.picture import Picture
    from amager_eval.wording.sentences import Wording

__all__ = ["WIDTH_MM", "draw", "save"]

#: Width of the text block of the page.
WIDTH_MM: Final = 172.0
_INCH: Final = 25.4
#: Of the PNG; the layout is made at it, for hinted text is wider at some resolutions.
_DPI: Final = 200
_SVG: Final = "http://www.w3.org/2000/svg"


def draw(picture: Picture, words: Wording) -> Figure:
    """Draw all panels of a picture on one figure.

    Parameters
    ----------
    picture : Picture
        What to draw.
    words : Wording
        Language, for the mark of synthetic data.

    Returns
    -------
    Figure
        172 mm wide; not registered anywhere.
    """
    with style():
        height = picture.height / _INCH
        figure = Figure(figsize=(WIDTH_MM / _INCH, height), dpi=_DPI)
        rows = -(-len(picture.panels) // picture.columns)
        # the mark stands in the corner at the source line's end
        source = textwrap.wrap(picture.source, 105 if picture.synthetic else 135)
        foot = (0.13 * len(source) + 0.05) / height
        figure.set_layout_engine(
            ConstrainedLayoutEngine(rect=(0, foot, 1, 1 - foot), h_pad=0.05, w_pad=0.06)
        )
        title = textwrap.fill(picture.title, 84)
        figure.suptitle(title, x=0.012, ha="left", fontsize=9.5, fontweight="bold", color=INK)
        grid = figure.subplots(rows, picture.columns, squeeze=False)
        cells = [ax for row in grid for ax in row]
        for ax in cells[len(picture.panels) :]:
            ax.remove()
        # twice: the size of the axes must be known before labels are moved apart in points
        for _ in range(2):
            for ax, plot in zip(cells, picture.panels, strict=False):
                ax.clear()
                plot(ax)
            figure.draw_without_rendering()
        figure.text(
            0.012, 0.035 / height, "\n".join(source), ha="left", va="bottom", size=6.5, color=MUTED
        )
        if picture.synthetic:
            _mark(figure, words.say("document.synthetic"))
        _freeze_layout(figure)
    return figure


def save(picture: Picture, words: Wording, folder: Path) -> tuple[Path, Path]:
    """Write a picture as SVG (text kept as text, with title and description) and PNG.

    Parameters
    ----------
    picture : Picture
        What to write.
    words : Wording
        Language.
    folder : Path
        Existing folder.

    Returns
    -------
    tuple of Path
        The SVG and the PNG; byte-identical for the same picture.
    """
    figure = draw(picture, words)
    svg, png = folder / f"{picture.id}.svg", folder / f"{picture.id}.png"
    with style():
        figure.savefig(svg, metadata={"Date": None, "Creator": None, "Title": picture.title})
        figure.savefig(png, dpi=_DPI, metadata={"Software": None, "Title": picture.title})
    _describe(svg, picture, words.lang)
    return svg, png


def _freeze_layout(figure: Figure) -> None:
    """Lay out once and round: the solver's last bits vary from run to run, a file's must not."""
    for _ in range(2):  # the first pass moves the axes, which changes the ticks that need room
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for ax in figure.axes:
        ax.set_position(tuple(round(v, 6) for v in ax.get_position().bounds))
    for text in figure.texts:
        x, y = text.get_position()
        text.set_position((round(x, 6), round(y, 6)))


def _mark(figure: Figure, text: str) -> None:
    """Mark a figure made from made-up numbers across the whole of it, and in its corner."""
    figure.text(
        0.5, 0.5, text, ha="center", va="center", rotation=20,
        size=min(34, 15 * figure.get_figheight()),  # slanted, it must not stick out of a low figure
        color="#b00000", alpha=0.13, weight="bold", zorder=10,
    )  # fmt: skip
    figure.text(
        0.99, 0.012, text, ha="right", va="bottom", size=7.5, color="#b00000", weight="bold"
    )


def _describe(path: Path, picture: Picture, lang: str) -> None:
    """Give the SVG a role, a title and a description that assistive technology reads."""
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    tree = ElementTree.parse(path)
    root = tree.getroot()
    for old in root.findall(f"{{{_SVG}}}metadata") + root.findall(f"{{{_SVG}}}title"):
        root.remove(old)
    title = ElementTree.Element(f"{{{_SVG}}}title", {"id": f"{picture.id}-title"})
    title.text = picture.title
    description = ElementTree.Element(f"{{{_SVG}}}desc", {"id": f"{picture.id}-desc"})
    description.text = picture.alt
    root[0:0] = [title, description]
    root.set("role", "img")
    root.set("lang", lang)
    root.set("aria-labelledby", f"{picture.id}-title {picture.id}-desc")
    tree.write(path, encoding="utf-8", xml_declaration=True)
