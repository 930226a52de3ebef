"""Puts the assertion counter in front of pytest's own rewriting of test modules."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest.assertion import rewrite

import seatrial
from seatrial.audit import assertions, helpers

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable

_OURS = str(Path(seatrial.__file__).parent)
_INSTALLED = tuple(f"{os.sep}{folder}{os.sep}" for folder in ("site-packages", "dist-packages"))


def install(config: pytest.Config, *, root: Path, folders: Iterable[Path]) -> str | None:
    """Count assertions in every test module, conftest and test helper imported from here on.

    Args:
        config: the run; the counter is taken out again when it ends.
        root: the folder of the settings.
        folders: folders of bound tests, whose helper modules count too.

    Returns:
        Why assertions cannot be counted in this run, or None if they are.
    """
    obstacle = _obstacle(config)
    if obstacle is None:
        _patch(config)
        _include_helpers(config, root=root, folders=folders)
    return obstacle


def _obstacle(config: pytest.Config) -> str | None:
    if sys.flags.optimize:
        return "python -O is on"
    state = config.stash.get(rewrite.assertstate_key, None)
    if state is None or state.hook is None:
        return "--assert=plain is on"
    try:
        # The two names have to be looked up when a module is rewritten, or replacing them does nothing.
        patchable = (
            "rewrite_asserts" in rewrite._rewrite_test.__code__.co_names  # noqa: SLF001 (there is no public way)
            and "PYC_TAIL" in rewrite.AssertionRewritingHook.exec_module.__code__.co_names
            and isinstance(rewrite.PYC_TAIL, str)
        )
    except AttributeError:
        patchable = False
    return (
        None if patchable else f"pytest {pytest.__version__} rewrites assertions in a way unknown to seatrial"
    )


def _patch(config: pytest.Config) -> None:
    original = rewrite.rewrite_asserts
    if getattr(original, "counts_assertions", False):
        return  # a pytest run inside a pytest run: one counter is enough
    tail = rewrite.PYC_TAIL

    def rewrite_asserts(
        mod: ast.Module, source: bytes, module_path: str | None = None, config: pytest.Config | None = None
    ) -> None:
        if module_path is not None and _is_of_the_team(module_path):
            assertions.transform(mod)
        original(mod, source, module_path, config)

    def restore() -> None:
        rewrite.rewrite_asserts = original
        rewrite.PYC_TAIL = tail

    rewrite_asserts.counts_assertions = True  # type: ignore[attr-defined]  # how a nested run knows it
    rewrite.rewrite_asserts = rewrite_asserts
    # A file name of its own for the cached code: a run without the counter must not load ours, nor we its.
    rewrite.PYC_TAIL = f"-seatrial{assertions.FORM}".join(_before_extension(tail))
    config.add_cleanup(restore)


def _is_of_the_team(path: str) -> bool:
    # pytest also rewrites plugins: what those assert is not what the test asserts.
    return not path.startswith(_OURS) and not any(folder in path for folder in _INSTALLED)


def _before_extension(tail: str) -> tuple[str, str]:
    stem, dot, extension = tail.rpartition(".")
    return stem, dot + extension


def _include_helpers(config: pytest.Config, *, root: Path, folders: Iterable[Path]) -> None:
    paths = [config.rootpath / path for path in config.getini("testpaths") if "*" not in path]
    found = helpers.test_folders([*paths, *folders], root=root)
    bases = {root, config.rootpath, *(Path(path) for path in config.getini("pythonpath"))}
    pytest.register_assert_rewrite(*helpers.module_names(found, bases=bases))
