"""The lock's file: where it is, whose it is, and what stands in it."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadbench.errors import UsageError
from loadbench.machine import lock as module
from loadbench.machine.lock import holder, lock_path, measuring


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "lock"
    monkeypatch.setenv("LOADBENCH_LOCK", str(path))
    return path


def unwanted(text: str) -> None:
    pytest.fail(f"nobody else measures, but: {text}")


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 4000, '{"pid": 1}', "\xff", '{"pid": null}'])
def test_whatever_stands_in_the_file_does_no_harm(text: str, path: Path) -> None:
    path.write_text(text, encoding="latin-1")
    assert holder() is None
    descriptor = os.open(path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert "left no name" in (holder() or "")
    os.close(descriptor)
    with measuring("me", unwanted):
        assert ": me" in (holder() or "")


def test_what_is_shown_has_no_control_characters_and_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "opensesame-1234")
    with measuring("sweep \x1b[31m opensesame-1234 " + 10_000 * "x", unwanted):
        shown = holder() or ""
    assert "sweep ?[31m *** xxx" in shown
    assert len(shown) < 300


def test_every_user_can_open_the_file_whatever_the_umask(path: Path) -> None:
    before = os.umask(0o077)
    try:
        with measuring("private", unwanted):
            assert path.stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)


def test_another_user_s_file_is_locked_read_only(
    disk: Path, as_nobody: Callable[[Callable[[], Any]], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOADBENCH_LOCK", str(disk / "lock"))
    with measuring("root's", unwanted):
        assert "root's" in as_nobody(holder)

    def as_another_user() -> tuple[bool, str | None]:
        with measuring("nobody's", unwanted):
            return os.access(disk / "lock", os.W_OK), holder()

    writable, shown = as_nobody(as_another_user)
    assert not writable
    assert "left no name" in shown
    assert holder() is None


def test_links_and_pipes_are_not_followed(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path.symlink_to(victim)
    with pytest.raises(UsageError, match=r"cannot lock .*Repair or remove it, or set LOADBENCH_LOCK"):
        measuring("x", unwanted).__enter__()
    assert victim.read_text() == "precious"
    with pytest.raises(UsageError, match="cannot lock"):
        holder()
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UsageError, match="not a regular file"):
        measuring("x", unwanted).__enter__()


@pytest.mark.parametrize("place", ["missing/lock", "."])
def test_a_place_that_cannot_be_a_file_is_an_error_that_says_so(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOADBENCH_LOCK", str(tmp_path / place))
    with pytest.raises(UsageError, match=r"cannot lock .*(No such file or directory|Is a directory)"):
        measuring("x", unwanted).__enter__()


def test_the_place_is_one_that_every_user_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOADBENCH_LOCK")
    private, shared = tmp_path / "private", tmp_path / "shared"
    for directory, mode in ((private, 0o755), (shared, 0o1777)):
        directory.mkdir()
        directory.chmod(mode)
    monkeypatch.setattr(module, "_SHARED_PLACES", (tmp_path / "missing", private, shared))
    assert lock_path() == shared / "loadbench.lock"
    monkeypatch.setattr(module, "_SHARED_PLACES", (private,))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert lock_path() == tmp_path / "loadbench.lock"
