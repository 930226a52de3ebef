"""Doing something as soon as a module has been imported, whoever imports it."""

from __future__ import annotations

import sys
from functools import partial
from importlib.abc import Loader, MetaPathFinder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class ImportWatch(MetaPathFinder):
    """Calls a function once for each watched module: at once if it is loaded, else right after its import.

    Args:
        watched: the full name of a module -> what to call.
    """

    def __init__(self, watched: Mapping[str, Callable[[], None]]) -> None:
        self._waiting = dict(watched)

    def install(self) -> None:
        """Begin."""
        for name in [name for name in self._waiting if name in sys.modules]:
            self._imported(name)
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Stop watching."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        self._waiting.clear()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Let the other finders find a watched module, and stand between its loader and the import."""
        if fullname not in self._waiting:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is not self and find is not None and (spec := find(fullname, path, target)) is not None:
                if spec.loader is not None:
                    # Not every spec that is found is imported: some only ask whether there is one.
                    spec.loader = _Announcing(spec.loader, partial(self._imported, fullname))
                found: ModuleSpec = spec
                return found
        return None

    def _imported(self, name: str) -> None:
        call = self._waiting.pop(name, None)
        if call is not None:
            call()


class _Announcing(Loader):
    """A loader that says when it has executed its module; in everything else it is the one it stands for."""

    def __init__(self, loader: Any, announce: Callable[[], None]) -> None:
        self._loader = loader
        self._announce = announce

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """See `importlib.abc.Loader`."""
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """See `importlib.abc.Loader`."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._announce()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
