"""Draw a picture: panels, finding above, source line below, the mark of synthetic data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.textpath import text_to_path

from amager_eval.figures.drawing.style import INK, MUTED, style

if TYPE_CHECKING:
    from amager_eval.figures.drawing.picture import Picture
    from amager_eval.wording.sentences import Wording

__all__ = ["NARROW", "WIDTH_MM", "draw", "save", "save_slide"]

#: Width of the text block of the page, and of the drawing for a phone's screen.
WIDTH_MM: Final = 172.0
_NARROW_MM: Final = 92.0
#: What the id of a drawing for a phone ends with.
NARROW: Final = "-narrow"
_INCH: Final = 25.4
#: A slide is as wide as sixteen to nine asks for, and its PNG 1,920 dots.
_SLIDE_SHAPE: Final = 16 / 9
_SLIDE_DOTS: Final = 1920
#: Of the PNG; the layout is made at it, for hinted text is wider at some resolutions.
_DPI: Final = 200
_TITLE_POINTS: Final = 9.5
#: Of the source line: its letters, where it begins, and its share of the width beside the mark.
_SOURCE_POINTS: Final = 6.5
_LEFT: Final = 0.012
_BESIDE_MARK: Final = 0.65
#: Passes of the layout at most; it stops where it stands still.
_PASSES: Final = 2
_SVG: Final = "http://www.w3.org/2000/svg"


def draw(picture: Picture, words: Wording, *, narrow: bool = False, slide: bool = False) -> Figure:
    """Draw all panels of a picture on one figure.

    `narrow`, for a phone: the panels below each other, 92 mm wide, letters as large. `slide`, for a
    screen on a wall: at least as large as on the page, in a slide's shape. Else 172 mm wide; not
    registered anywhere.
    """
    with style():
        columns = 1 if narrow else picture.columns
        rows = -(-len(picture.panels) // columns)
        width = _NARROW_MM if narrow else WIDTH_MM
        millimetres = picture.height
        if narrow:
            as_on_page = picture.height * rows / -(-len(picture.panels) // picture.columns)
            millimetres = picture.narrow_height or as_on_page
        if slide:  # no lower than on the page, where its words have room
            millimetres = max(picture.height, width / _SLIDE_SHAPE)
            width = millimetres * _SLIDE_SHAPE
        height = millimetres / _INCH
        dpi = _SLIDE_DOTS * _INCH / width if slide else _DPI
        figure = Figure(figsize=(width / _INCH, height), dpi=dpi)
        # the mark stands in the corner at the source line's end
        room = 72 * width / _INCH * (_BESIDE_MARK if picture.synthetic else 1 - 2 * _LEFT)
        source = _lines(picture.source, room, _SOURCE_POINTS)
        foot = (0.13 * len(source) + 0.05) / height
        figure.set_layout_engine(
            ConstrainedLayoutEngine(rect=(0, foot, 1, 1 - foot), h_pad=0.05, w_pad=0.06)
        )
        title = _lines(picture.title, 72 * width / _INCH * (1 - 2 * _LEFT), _TITLE_POINTS, "bold")
        figure.suptitle(
            "\n".join(title), x=_LEFT, ha="left", fontsize=_TITLE_POINTS, fontweight="bold",
            color=INK,
        )  # fmt: skip
        grid = figure.subplots(rows, columns, squeeze=False)
        cells = [ax for row in grid for ax in row]
        for ax in cells[len(picture.panels) :]:
            ax.remove()
        # twice: the size of the axes must be known before labels are moved apart in points
        for _ in range(2):
            for ax, plot in zip(cells, picture.panels, strict=False):
                ax.clear()
                plot(ax)
            moved = _lay_out(figure)
        figure.text(
            _LEFT,
            0.035 / height,
            "\n".join(source),
            ha="left",
            va="bottom",
            size=_SOURCE_POINTS,
            color=MUTED,
        )
        if picture.synthetic:
            _mark(figure, words.say("document.synthetic"))
        _freeze_layout(figure, moved=moved)
    return figure


def save(picture: Picture, words: Wording, folder: Path) -> tuple[Path, Path, Path]:
    """Write a picture as SVG (text kept as text, with title and description) and PNG.

    The SVG, the SVG for a phone and the PNG; byte-identical for the same picture.
    """
    svg, slim, png = (folder / f"{picture.id}{end}" for end in (".svg", f"{NARROW}.svg", ".png"))
    figure = draw(picture, words)
    with style():
        figure.savefig(png, dpi=_DPI, metadata={"Software": None, "Title": picture.title})
        for path, drawn in ((svg, figure), (slim, draw(picture, words, narrow=True))):
            drawn.savefig(path, metadata={"Date": None, "Creator": None, "Title": picture.title})
            _describe(path, picture, words.lang)
    return svg, slim, png


def save_slide(picture: Picture, words: Wording, folder: Path) -> tuple[Path, Path]:
    """Write a picture as a slide: one message, SVG and PNG, sixteen to nine.

    The title is the message.
    """
    svg, png = (folder / f"{picture.id}{end}" for end in (".svg", ".png"))
    picture = _of_message(picture)
    figure = draw(picture, words, slide=True)
    with style():
        figure.savefig(png, metadata={"Software": None, "Title": picture.title})
        figure.savefig(svg, metadata={"Date": None, "Creator": None, "Title": picture.title})
    _describe(svg, picture, words.lang)
    return svg, png


def _of_message(picture: Picture) -> Picture:
    """Leave the panels its title is about, each as high as on the page."""
    if not picture.message:
        return picture
    panels = tuple(picture.panels[i] for i in picture.message)
    columns = min(picture.columns, len(panels))
    height = picture.height * -(-len(panels) // columns)
    height /= -(-len(picture.panels) // picture.columns)
    return replace(picture, panels=panels, columns=columns, height=height)


def _lines(text: str, room: float, points: float, weight: str = "normal") -> list[str]:
    """Break a text at words so that no line is wider than `room` points, as browsers set it."""
    font = FontProperties(family="DejaVu Sans", weight=weight, size=points)
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        width = text_to_path.get_text_width_height_descent(longer, font, ismath=False)[0]
        if lines[-1] and width > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _lay_out(figure: Figure) -> bool:
    """Place the axes as drawing would, without drawing; tell whether one moved."""
    before = _places(figure)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    return _places(figure) != before


def _places(figure: Figure) -> list[tuple[float, float, float, float]]:
    """Axes' places, rounded: the solver's last bits vary from run to run, a file's must not."""
    bounds = [[round(v, 6) for v in ax.get_position().bounds] for ax in figure.axes]
    return [(left, bottom, width, height) for left, bottom, width, height in bounds]


def _freeze_layout(figure: Figure, *, moved: bool) -> None:
    """Lay out until nothing moves, and keep that: a pass changes the ticks that need room."""
    for _ in range(_PASSES):
        if not moved:
            break
        moved = _lay_out(figure)
    figure.set_layout_engine("none")
    for ax, place in zip(figure.axes, _places(figure), strict=True):
        ax.set_position(place)
    for text in figure.texts:
        x, y = text.get_position()
        text.set_position((round(x, 6), round(y, 6)))


def _mark(figure: Figure, text: str) -> None:
    """Mark a figure made from made-up numbers across the whole of it, and in its corner."""
    width, height = figure.get_size_inches()
    figure.text(
        0.5, 0.5, text, ha="center", va="center", rotation=20,
        size=min(34, 15 * height, 5 * width),  # slanted, it must not stick out of the figure
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
    title = ElementTree.Element(f"{{{_SVG}}}title", {"id": f"{path.stem}-title"})
    title.text = picture.title
    description = ElementTree.Element(f"{{{_SVG}}}desc", {"id": f"{path.stem}-desc"})
    description.text = picture.alt
    root[0:0] = [title, description]
    root.set("role", "img")
    root.set("lang", lang)
    root.set("aria-labelledby", f"{path.stem}-title {path.stem}-desc")
    tree.write(path, encoding="utf-8", xml_declaration=True)
