from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from seatrial.config import find_settings, load_settings
from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "[tool.seatrial]\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository root with a package folder, so that nothing above `tmp_path` is looked at."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "service" / "tests").mkdir(parents=True)
    return tmp_path


def test_the_nearest_file_wins_over_those_further_up(repository: Path) -> None:
    (repository / "pyproject.toml").write_text(TABLE)
    near = repository / "service" / "pyproject.toml"
    near.write_text(TABLE)
    assert find_settings(repository / "service" / "tests") == near


def test_a_pyproject_without_our_table_is_passed_over(repository: Path) -> None:
    (repository / "service" / "pyproject.toml").write_text('[project]\nname = "seatrial-user"\n')
    top = repository / "pyproject.toml"
    top.write_text(TABLE)
    assert find_settings(repository / "service" / "tests") == top


@pytest.mark.parametrize(
    "content",
    ["[tool.seatrial]", "[tool.seatrial.env]", "[tool]\nseatrial.app = 'a:b'", '["tool"."seatrial"]'],
)
def test_every_spelling_of_the_table_is_found(repository: Path, content: str) -> None:
    file = repository / "pyproject.toml"
    file.write_text(content)
    assert find_settings(repository) == file


def test_a_seatrial_toml_is_found_even_when_empty(repository: Path) -> None:
    file = repository / "seatrial.toml"
    file.write_text("")
    assert find_settings(repository / "service") == file


def test_a_file_as_the_start_means_its_folder(repository: Path) -> None:
    file = repository / "seatrial.toml"
    file.write_text("")
    assert find_settings(file) == file


@pytest.mark.parametrize("marker", [".git", ".hg", ".svn", ".jj"])
def test_the_search_ends_at_the_root_of_the_repository(tmp_path: Path, marker: str) -> None:
    (tmp_path / "seatrial.toml").write_text("")
    (tmp_path / "checkout" / "src").mkdir(parents=True)
    (tmp_path / "checkout" / marker).write_text("a worktree has a file here")
    assert find_settings(tmp_path / "checkout" / "src") is None


def test_stop_is_the_last_folder_searched_and_replaces_the_repository_rule(repository: Path) -> None:
    inner = repository / "service"
    (inner / ".git").mkdir()
    file = repository / "seatrial.toml"
    file.write_text("")
    assert find_settings(inner / "tests", stop=repository) == file
    assert find_settings(inner / "tests", stop=inner) is None


def test_both_files_in_one_folder_are_refused(repository: Path) -> None:
    (repository / "seatrial.toml").write_text("")
    (repository / "pyproject.toml").write_text(TABLE)
    with pytest.raises(SettingsError) as caught:
        find_settings(repository)
    assert caught.value.code == "settings.two-files"
    assert str(repository / "seatrial.toml") in caught.value.message
    assert str(repository / "pyproject.toml") in caught.value.message


def test_a_pyproject_broken_below_our_table_is_found_so_that_loading_explains_it(repository: Path) -> None:
    file = repository / "pyproject.toml"
    file.write_text("[tool.seatrial]\napp = \n")
    assert find_settings(repository) == file
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert caught.value.code == "settings.syntax"
    assert str(file) in caught.value.message
    assert "line 2" in caught.value.message


def test_a_broken_pyproject_of_somebody_else_is_passed_over(repository: Path) -> None:
    (repository / "pyproject.toml").write_text("# we might use seatrial\n[project\n")
    assert find_settings(repository) is None


def test_looking_for_settings_loads_no_parser_and_nothing_else_of_ours(repository: Path) -> None:
    (repository / "pyproject.toml").write_text('[project]\nname = "x"\n')
    program = (
        "import sys; from pathlib import Path; from seatrial.config import find_settings;"
        "assert find_settings(Path(sys.argv[1])) is None;"
        "print(*sorted(m for m in sys.modules if m == 'tomllib' or m.startswith('seatrial')))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(repository)], capture_output=True, text=True, check=True
    )
    ours = {"seatrial", "seatrial.config", "seatrial.config.find", "seatrial.errors", "seatrial.lazy"}
    assert set(result.stdout.split()) == ours
