"""Killed half-way, not permitted, disk full: the real thing, in processes of their own."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from amager_eval.data.check import check_input
from amager_eval.data.read import read_input

#: Runs the command line, and kills itself without warning at the n-th file it opens to write, or
#: moves, below a folder.
KILLED = """
import os, signal, sys
folder, left = sys.argv[1], int(sys.argv[2])
def watch(event, args):
    global left
    writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
    if (writes or event in ("os.rename", "os.mkdir")) and str(args[0]).startswith(folder):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
sys.argv = ["amager-eval", *sys.argv[3:]]
from amager_eval.cli import main
main()
"""
COMMAND = [sys.executable, "-m", "amager_eval"]


def whole(target: Path) -> bool:
    """Whether what stands there is complete: readable without an error of any file."""
    if target.suffix == ".xlsx":
        return {f.message for f in check_input(target)} == {"none of the sheets is filled in"}
    return read_input(target).crime is not None and (target / "truth.json").exists()


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["template"], "skabelon.xlsx"),
        pytest.param(["synthetic"], "by", marks=pytest.mark.slow),
        pytest.param(["synthetic", "--workbook"], "by", marks=pytest.mark.slow),
    ],
)
def test_killed_half_way_nothing_half_written_stands_there(tmp_path, arguments, name):
    for step in range(1, 40):
        folder = tmp_path / str(step)
        folder.mkdir()
        target = folder / name
        command = [sys.executable, "-c", KILLED, str(folder), str(step), *arguments, str(target)]
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
        if target.exists():  # killed after the last move
            read_input(target) if "--workbook" in arguments else None
            assert "--workbook" in arguments or whole(target)
    assert done.returncode == 0
    assert step > 2
    assert target.exists()


def unprivileged() -> list[str]:
    """Words before a command that make permissions count, for the superuser too."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("the superuser may do everything, and there is no setpriv to change that")
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


def said(*arguments: object, limit: int | None = None) -> tuple[int, str]:
    """Run a command without privileges, perhaps with a limit on the size of its files."""

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [*unprivileged(), *COMMAND, *map(str, arguments)],
        capture_output=True,
        timeout=120,
        check=False,
        preexec_fn=small_files if limit is not None else None,
    )
    text = (done.stdout + done.stderr).decode()
    assert "Traceback" not in text
    return done.returncode, text


SAFETY = "area,wave,setting,response,percent,n\nNord,2024,night,safe,71,300\n"


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "safety.csv").write_text(SAFETY)
    yield inside
    inside.chmod(0o700)


def test_a_file_that_may_not_be_read(folder):
    (folder / "safety.csv").chmod(0)
    code, text = said("check", folder)
    assert code == 2
    assert "safety.csv: filen kan ikke læses; fundet 'Permission denied'" in text


def test_a_folder_that_may_not_be_read(folder):
    folder.chmod(0)
    code, text = said("check", folder, "--lang", "da")
    assert code == 2
    assert "in: filen kan ikke læses" in text
    assert "Permission denied" in text


@pytest.mark.parametrize("name", ["register.toml", "microdata.toml", "udtraek.csv"])
def test_an_extract_that_may_not_be_read(folder, name):
    mapping = 'file = "udtraek.csv"\ndefinition = "x"\nperiod = "year"\narea_name = "Nord"\n'
    mapping += 'from = 2024-01-01\nuntil = 2024-12-31\n[columns]\ndate = "d"\noffence = "o"\n'
    (folder / "register.toml").write_text(mapping + '[types]\n"total" = ["*"]\n')
    (folder / "udtraek.csv").write_text("d,o\n2024-01-01,1\n")
    if name == "microdata.toml":
        (folder / name).write_text("file = 1\n")
    (folder / name).chmod(0)
    code, text = said("check", folder)
    assert code == 2
    assert f"{name}: filen kan ikke læses" in text


@pytest.mark.parametrize("arguments", [["template", "x.xlsx"], ["synthetic", "x"]])
def test_a_folder_that_may_not_be_written_to(folder, arguments):
    folder.chmod(0o500)
    command, name = arguments
    code, text = said(command, folder / name)
    assert code == 2
    assert {"template": "kan ikke skrives", "synthetic": "cannot be written"}[command] in text
    # an officer fills the template in; whoever makes up a city reads English
    ends = {"template": "intet er skrevet", "synthetic": "nothing was written"}
    assert ends[command] in text
    assert [p.name for p in folder.iterdir()] == ["safety.csv"]


@pytest.mark.parametrize("limit", [0, 6000])
@pytest.mark.parametrize("arguments", [["template", "x.xlsx"], ["synthetic", "x"]])
def test_a_disk_that_is_full_half_way(tmp_path, arguments, limit):
    command, name = arguments
    code, text = said(command, tmp_path / name, limit=limit)
    assert code == 2
    assert {"template": "kan ikke skrives", "synthetic": "cannot be written"}[command] in text
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_takes_no_more(folder):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "check", str(folder)], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert done.stderr.decode().startswith("amager-eval: resultatet kan ikke skrives")
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.slow
def test_memory_stays_bounded(folder):
    """A line of 300 MB and a quotation mark never closed, within 1.5 GB of address space."""
    mapping = 'file = "udtraek.csv"\ndefinition = "x"\nperiod = "year"\narea_name = "Nord"\n'
    mapping += 'from = 2024-01-01\nuntil = 2024-12-31\n[columns]\ndate = "d"\noffence = "o"\n'
    (folder / "register.toml").write_text(mapping + '[types]\n"total" = ["*"]\n')
    for cell in (b"x" * 1_000_000, b'"' + b"2024-01-01,1\n" * 80_000):
        with (folder / "udtraek.csv").open("wb") as file:
            file.write(b"d,o\n2024-01-01,")
            for _ in range(300):
                file.write(cell)
        done = subprocess.run(
            [*COMMAND, "check", str(folder)],
            capture_output=True,
            timeout=120,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (3 * 2**29, 3 * 2**29)),
        )
        text = (done.stdout + done.stderr).decode()
        assert "Traceback" not in text
        assert done.returncode == 2
        assert "udtraek.csv" in text
