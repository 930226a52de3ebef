"""The project's own function that scripts what holds for the whole run."""

from __future__ import annotations

import importlib
import operator
import sys
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def check_reference(reference: Any, *, fake: str, option: str = "routes") -> str | None:
    """An option that names a function, if it does.

    Raises:
        FakeError: it does not read `module:function`.
    """
    parts = reference.split(":") if isinstance(reference, str) else []
    if reference is None or (len(parts) == 2 and all(parts)):  # noqa: PLR2004 - a module and a function
        return reference  # type: ignore[no-any-return]
    raise FakeError(
        f"The fake {fake!r} expects {option} as 'module:function', found {reference!r}.",
        code="fakes.options",
        remedy=f'Write {option} = "tests.fakes:{fake}", a function that is called with the fake.',
    )


def load(reference: str, *, root: Path | None, fake: str, option: str = "routes") -> Callable[[Any], Any]:
    """Import the function; the project's folder and its `src` are put on `sys.path`.

    Raises:
        FakeError: it is not there, or cannot be called.
        Exception: whatever else the project's own module raised, with its own traceback.
    """
    for folder in () if root is None else (root / "src", root):
        if folder.is_dir() and str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    module, _, attribute = reference.partition(":")
    try:
        found = operator.attrgetter(attribute)(importlib.import_module(module))
    except (ImportError, AttributeError) as missing:
        raise _wrong(reference, fake, option, f"found none: {missing}") from missing
    if not callable(found):
        raise _wrong(reference, fake, option, f"found {type(found).__name__}")
    return found  # type: ignore[no-any-return]


def _wrong(reference: str, fake: str, option: str, found: str) -> FakeError:
    return FakeError(
        f"The fake {fake!r} expects {option} = {reference!r} to name a function, {found}.",
        code="fakes.routes",
        remedy="Name a function that takes the fake, in a module below the project's folder.",
    )
