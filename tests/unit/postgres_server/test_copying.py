from __future__ import annotations

import errno
import os

import pytest

from seatrial.errors import ServerError
from seatrial.postgres.server.copying import copy_tree, is_out_of_space


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "empty").write_bytes(b"")
    (folder / "deep" / "er" / "small").write_bytes(b"small")
    (folder / "large").write_bytes(os.urandom(3_000_001))
    with (folder / "sparse").open("wb") as file:
        file.seek(5_000_000)
        file.write(b"middle")
        file.truncate(16_000_000)
    return folder


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_byte_is_copied(source, tmp_path):
    copy_tree(source, tmp_path / "copy")
    assert content(tmp_path / "copy") == content(source)


def test_copies_are_private_and_holes_stay_holes(source, tmp_path):
    copy_tree(source, tmp_path / "copy")
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "copy").rglob("*")} == {0}
    if (source / "sparse").stat().st_blocks * 512 < 8_000_000:
        assert (tmp_path / "copy" / "sparse").stat().st_blocks * 512 < 8_000_000


def test_a_failed_copy_leaves_nothing(source, tmp_path):
    (source / "link").symlink_to("/etc")
    with pytest.raises(ServerError, match=r"server\.linked-data"):
        copy_tree(source, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_full_disks_are_recognised():
    assert is_out_of_space(OSError(errno.ENOSPC, "full"))
    assert is_out_of_space(OSError(errno.EDQUOT, "quota"))
    assert not is_out_of_space(OSError(errno.EACCES, "no"))
