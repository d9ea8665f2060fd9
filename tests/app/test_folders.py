"""A year's folder is whole or not there, whatever is killed when."""

import pytest

from amager_eval.app.folders import alone_in, appendix_folder, put_in_place, sweep, years_in
from amager_eval.errors import InputError


def an_appendix(folder, text):
    folder.mkdir(parents=True)
    (folder / "appendix.html").write_text(text, encoding="utf-8")
    return folder


def test_a_new_appendix_takes_the_place_of_the_old_one(tmp_path):
    target = an_appendix(appendix_folder(tmp_path, 2026), "old")
    with alone_in(tmp_path) as work:
        put_in_place(an_appendix(work / "appendix", "new"), target)
    assert (target / "appendix.html").read_text(encoding="utf-8") == "new"
    assert years_in(tmp_path) == [2026]
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == ["appendix-2026"]


def test_killed_between_the_two_renames_the_old_one_comes_back(tmp_path):
    target = an_appendix(appendix_folder(tmp_path, 2026), "old")
    work = tmp_path / ".unfinished-x"
    an_appendix(work / "appendix", "new")
    target.rename(work / "before-appendix-2026")
    assert years_in(tmp_path) == []
    assert sweep(tmp_path)
    assert (target / "appendix.html").read_text(encoding="utf-8") == "old"
    assert not work.exists()


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path):
    an_appendix(appendix_folder(tmp_path, 2025), "last year")
    an_appendix(tmp_path / ".unfinished-y" / "appendix", "half")
    with alone_in(tmp_path) as work:
        assert [p.name for p in tmp_path.glob(".unfinished-*")] == [work.name]
    assert years_in(tmp_path) == [2025]
    assert list(tmp_path.glob(".unfinished-*")) == []


def test_an_error_leaves_the_old_appendix(tmp_path):
    target = an_appendix(appendix_folder(tmp_path, 2026), "old")
    (tmp_path / "work").mkdir()
    with pytest.raises(OSError, match="missing"):
        put_in_place(tmp_path / "work" / "missing", target)
    assert (target / "appendix.html").exists()


def test_two_processes_do_not_work_in_one_folder(tmp_path):
    with alone_in(tmp_path):
        with pytest.raises(InputError, match="being made"), alone_in(tmp_path):
            pass
        assert not sweep(tmp_path)
