"""Picture every sheet of the empty workbook, as the evaluator sees it (`docs/images/`).

Run where LibreOffice and poppler are installed: python docs/make_pictures.py
The pictures are kept in the repository, so building the site needs neither.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import zipfile
from pathlib import Path

from PIL import Image, ImageChops

from amager_eval.data.files.template import write_template

IMAGES = Path(__file__).parent / "images"
#: Pixels the site gives a picture; a wider one that is but a few rows high is folded.
PAGE_WIDTH, FOLDED_UP_TO = 900, 200
#: Pixels between the halves of a folded sheet.
BETWEEN = 10
SHEETS = ("guidance", "safety", "survey_rounds", "crime", "population", "activities")


def as_on_screen(source: Path, target: Path) -> None:
    """Copy a workbook so that it prints like a screen: a page a sheet, grid and headings shown."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name):
                sheet = text.decode("utf-8")
                sheet = re.sub(r"<sheetPr[^>]*/>|<sheetPr.*?</sheetPr>", "", sheet, flags=re.S)
                sheet = re.sub(
                    r"(<worksheet[^>]*>)",
                    r'\1<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>',
                    sheet,
                )
                sheet = re.sub(r"<printOptions[^>]*/>|<pageSetup[^>]*/>", "", sheet)
                sheet = re.sub(
                    r"(<pageMargins[^>]*/>)",
                    r'<printOptions headings="1" gridLines="1"/>\1'
                    r'<pageSetup paperSize="8" orientation="landscape" fitToHeight="0"/>',
                    sheet,
                )
                text = sheet.encode("utf-8")
            new.writestr(name, text)


def main() -> None:
    """Write one PNG a sheet."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        template, shown = Path(folder, "empty.xlsx"), Path(folder, "shown.xlsx")
        write_template(template, lang="da")
        as_on_screen(template, shown)
        subprocess.run(
            ["soffice", "--headless", "--convert-to", "pdf", "--outdir", folder, shown],
            check=True, capture_output=True,
        )  # fmt: skip
        for page, name in enumerate(SHEETS, start=1):
            subprocess.run(
                ["pdftoppm", "-r", "110", "-png", "-f", str(page), "-l", str(page), "-singlefile",
                 shown.with_suffix(".pdf"), Path(folder, name)],
                check=True,
            )  # fmt: skip
            crop(Path(folder, f"{name}.png"), IMAGES / f"workbook_{name}.png")


def crop(source: Path, target: Path) -> None:
    """Cut the empty paper away, fold a wide sheet so that it can be read, keep few colours."""
    with Image.open(source) as opened:
        picture = opened.convert("RGB")
    paper = Image.new("RGB", picture.size, "white")
    left, top, right, bottom = ImageChops.difference(picture, paper).getbbox() or (0, 0, 1, 1)
    cut = picture.crop((left, top, right, bottom))
    if cut.width > PAGE_WIDTH and cut.height < FOLDED_UP_TO:
        cut = folded(cut)
    cut.quantize(32).save(target, optimize=True)


def folded(picture: Image.Image) -> Image.Image:
    """Stack the two halves of a sheet, cut at the grid line nearest the middle."""
    grey = picture.convert("L")
    lines = [
        x
        for x in range(picture.width)
        if all(grey.getpixel((x, y)) < 128 for y in range(picture.height))
    ]
    middle = min(lines, key=lambda x: abs(x - picture.width / 2))
    halves = (picture.crop((0, 0, middle + 1, picture.height)),
              picture.crop((middle, 0, picture.width, picture.height)))  # fmt: skip
    height = picture.height + BETWEEN
    both = Image.new("RGB", (max(h.width for h in halves), height + picture.height), "white")
    for row, half in enumerate(halves):
        both.paste(half, (0, row * height))
    return both


if __name__ == "__main__":
    main()
