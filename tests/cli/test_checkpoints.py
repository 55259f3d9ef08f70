"""Checkpoints as commands name them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadbench.cli.checkpoints import check_name, is_model_name
from loadbench.errors import CheckpointError
from tests.machine.conftest import as_nobody as as_nobody


def test_where_one_may_not_look_the_error_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_nobody: Callable[[Callable[[], Any]], Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o700)
    check_name("gpt2")  # nothing of that name is there, as root can tell
    with pytest.raises(CheckpointError, match="gpt2 cannot be read: Permission denied"):
        as_nobody(lambda: check_name("gpt2"))


def test_what_looks_like_a_path_is_no_name_whether_it_is_there_or_not(tmp_path: Path) -> None:
    assert [is_model_name(text) for text in ("gpt2", "no/such", "gone.safetensors", str(tmp_path))] == [True, *[False] * 3]
