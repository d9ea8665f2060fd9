"""What is written is there whole or not at all."""

import errno
import os
import re
import zipfile
from pathlib import Path

import pytest

from amager_eval.data.files.delimited import read_bytes
from amager_eval.data.files.template import write_template
from amager_eval.errors import InputError
from amager_eval.evidence.city import synthetic
from amager_eval.evidence.city.synthetic import write_synthetic


def full_disk(*args, **kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(InputError, match=r"No space left|ikke mere plads"):
        write_synthetic(tmp_path / "by")
    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(InputError, match=r"No space left|ikke mere plads"):
        write_template(tmp_path / "t.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_half_way_leaves_the_old_folder(tmp_path, monkeypatch):
    write_synthetic(tmp_path / "by", seed=1)
    before = (tmp_path / "by" / "truth.json").read_bytes()
    written = synthetic._write_files

    def interrupted(*args, **kwargs):
        written(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(synthetic, "_write_files", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_synthetic(tmp_path / "by", seed=2)
    assert (tmp_path / "by" / "truth.json").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["by"]


@pytest.mark.parametrize("lang", ["da", "en"])
def test_the_template_is_seen_whole_and_printed_a_page_wide(tmp_path, lang):
    with zipfile.ZipFile(write_template(tmp_path / "t.xlsx", lang=lang)) as book:
        sheets = [book.read(f"xl/worksheets/sheet{i}.xml").decode() for i in range(1, 7)]
        strings = re.findall(r"<si><t[^>]*>(.*?)</t>", book.read("xl/sharedStrings.xml").decode())
    for sheet in sheets:
        assert '<pageSetUpPr fitToPage="1"/>' in sheet
        assert re.search(
            r'<pageSetup paperSize="9" fitToHeight="0" orientation="landscape"/>', sheet
        )
    width = float(re.search(r'<col [^>]* width="([\d.]+)"', sheets[0])[1])
    heights = re.findall(r'<row [^>]* ht="([\d.]+)"[^>]*>.*?<v>(\d+)</v>', sheets[0])
    assert len(heights) > 10
    for height, string in heights:
        assert float(height) >= 15 * len(strings[int(string)]) / width
    # the example of the activities, the widest of all, is not cut
    widths = [float(w) for w in re.findall(r'<col [^>]* width="([\d.]+)"', sheets[5])]
    assert widths[2] > len("SSP København; fsb; Københavns Politi")
    told = " ".join(strings)
    for column in {"da": ("Listens version", "Listens dato"), "en": ("list_version", "list_date")}[
        lang
    ]:
        assert told.count(column) >= 2  # a heading and its explanation


def test_no_permission_is_told(tmp_path, monkeypatch):
    path = tmp_path / "safety.csv"
    path.write_text("x")

    def denied(self):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(InputError, match=r"safety\.csv: the file cannot be read.*denied"):
        read_bytes(path, "en")
