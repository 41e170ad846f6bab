"""The script ./tagwire: what a person sees before Python runs anything of ours."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "tagwire"
TOOLS = ("sh", "dirname", "readlink", "cmp", "cp", "rm", "mkdir", "cat", "chmod")

# Stands for a Python: notes what it is asked, makes environments, and lacks what a file names.
PYTHON = """\
#!/bin/sh
echo "$*" >> "$NOTES/asked"
lacks() { [ -e "$NOTES/lacks-$1" ]; }
case "$*" in
    "-c "*) lacks age && exit 1; exit 0 ;;
    "-m venv "*)
        lacks venv && exit 1
        mkdir -p "$3/bin" && cp "$NOTES/python" "$3/bin/python" ;;
    "-m pip --version") lacks pip && exit 1; exit 0 ;;
    "-m ensurepip"*) rm "$NOTES/lacks-pip" ;;
    "-m pip install "*) lacks network && exit 1; exit 0 ;;
    "-m bot "*) shift 2; echo "ran $* in $TAGWIRE_HOME" ;;
esac
"""


class Machine:
    """A folder with a checkout, a Python of a kind, and nothing else on PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkout = folder / "a check out"
        self.checkout.mkdir()
        shutil.copy(SCRIPT, self.checkout)
        for name in ("requirements.txt", "requirements-dev.txt"):
            (self.checkout / name).write_text("something==1.0\n")
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in TOOLS:
            (self.bin / name).symlink_to(shutil.which(name) or name)
        (folder / "python").write_text(PYTHON)
        (folder / "python").chmod(0o755)
        (self.bin / "python3").symlink_to(folder / "python")

    def lack(self, what: str) -> None:
        (self.folder / f"lacks-{what}").touch()

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [str(word) for word in words] or [str(self.checkout / "tagwire"), "version"]
        return subprocess.run(
            command,
            cwd=self.folder,
            env={"PATH": str(self.bin), "NOTES": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_first_run_installs_hashed_pins_and_the_second_asks_for_nothing(machine: Machine) -> None:
    first = machine.run()
    assert (first.returncode, first.stdout) == (0, f"ran version in {machine.checkout}\n")
    installs = [line for line in machine.asked() if "pip install" in line]
    assert "--require-hashes" in installs[0]
    assert "--no-build-isolation" in installs[1]
    (machine.folder / "asked").unlink()
    assert machine.run().stdout == first.stdout
    assert [line for line in machine.asked() if "pip" in line or "venv" in line] == []


def test_a_link_to_the_script_runs_its_checkout(machine: Machine) -> None:
    near, far = machine.folder / "near", machine.folder / "far"
    far.symlink_to(Path("a check out/tagwire"))
    near.symlink_to(far)
    assert machine.run(near, "version").stdout == f"ran version in {machine.checkout}\n"
    assert not (machine.folder / ".venv").exists()


def test_an_old_python_is_told_which_is_needed(machine: Machine) -> None:
    machine.lack("age")
    done = machine.run()
    assert done.returncode == 1
    assert done.stderr.startswith("tagwire: Python 3.11 or newer is needed")


def test_a_python_without_venv_is_told_what_to_install(machine: Machine) -> None:
    machine.lack("venv")
    done = machine.run()
    assert done.returncode == 1
    assert "sudo apt install python3-venv" in done.stderr
    assert not (machine.checkout / ".venv").exists()


def test_an_interrupted_installation_is_taken_up_again(machine: Machine) -> None:
    machine.lack("network")
    failed = machine.run()
    assert failed.returncode == 1
    assert "Check the network connection" in failed.stderr
    (machine.folder / "lacks-network").unlink()
    assert machine.run().returncode == 0


def test_an_environment_without_pip_is_given_it(machine: Machine) -> None:
    machine.lack("pip")
    assert machine.run().returncode == 0
    assert "-m ensurepip" in machine.asked()


def test_a_checkout_that_was_moved_gets_an_environment_of_its_own(machine: Machine) -> None:
    machine.run()
    machine.checkout = machine.checkout.rename(machine.folder / "moved")
    (machine.folder / "asked").unlink()
    assert machine.run().stdout == f"ran version in {machine.checkout}\n"
    assert f"-m venv {machine.checkout}/.venv" in machine.asked()
    assert len([line for line in machine.asked() if "-m pip install" in line]) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_says_so(machine: Machine) -> None:
    machine.checkout.chmod(0o555)
    done = machine.run()
    machine.checkout.chmod(0o755)
    assert done.returncode == 1
    assert "cannot be written to" in done.stderr
