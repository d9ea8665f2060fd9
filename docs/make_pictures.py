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

from amager_eval.data.template import write_template

IMAGES = Path(__file__).parent / "images"
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
    """Cut the empty paper away and keep few colours."""
    from PIL import Image, ImageChops

    with Image.open(source) as opened:
        picture = opened.convert("RGB")
    paper = Image.new("RGB", picture.size, "white")
    left, top, right, bottom = ImageChops.difference(picture, paper).getbbox() or (0, 0, 1, 1)
    cut = picture.crop((left, top, right, bottom))
    cut.quantize(32).save(target, optimize=True)


if __name__ == "__main__":
    main()
