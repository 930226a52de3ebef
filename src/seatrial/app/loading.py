"""Load the application a team named: ``module:attribute``, an instance or a factory."""

from __future__ import annotations

import asyncio
import difflib
import importlib
import inspect
import sys
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from seatrial.app.failures import own_frames_cut
from seatrial.app.kinds import AsgiApp, Kind, is_factory, kind_of, single_callable
from seatrial.errors import ApplicationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import ModuleType

_NO_ARGS: Mapping[str, Any] = MappingProxyType({})
_FORM = 'Write "module:attribute", for example app = "shop.main:create_app".'


@dataclass(frozen=True, kw_only=True)
class LoadedApp:
    """An application ready to be run.

    Attributes:
        app: the object the team wrote, untouched.
        kind: the protocol it speaks.
        path: where it came from, ``module:attribute``.
    """

    app: Any
    kind: Kind
    path: str

    @property
    def asgi(self) -> AsgiApp:
        """The application as one ``(scope, receive, send)`` callable; ASGI only."""
        return single_callable(self.app) if self.kind == "asgi2" else self.app


def load_app(path: str, *, args: Mapping[str, Any] = _NO_ARGS, root: Path) -> LoadedApp:
    """Import ``module:attribute[.attribute]`` and call it if it is a factory.

    Call it in the thread whose event loop will run the application: an asynchronous factory is awaited
    in that thread's loop.

    Args:
        path: where the application is.
        args: keyword arguments for a factory.
        root: the project's folder; it and its ``src`` are put on ``sys.path``.

    Raises:
        ApplicationError: the path is wrong, or what it names is not an application.
        Exception: whatever the team's own module or factory raised, with its own traceback.
    """
    module_name, colon, attribute = path.partition(":")
    if not colon or not module_name or not attribute:
        raise ApplicationError(
            f"The application's path {path!r} names no attribute of a module",
            code="app.path-without-colon",
            remedy=_FORM,
        )
    extend_path(root)
    target = _attribute_of(_import(module_name, root), attribute, path)
    return LoadedApp(app=(app := _resolve(target, args, path)), kind=_known_kind(app, path), path=path)


def extend_path(root: Path) -> None:
    """Make the modules of a project importable: those in its folder and in its `src`."""
    for folder in (root / "src", root):
        if folder.is_dir() and str(folder) not in sys.path:
            sys.path.insert(0, str(folder))


def _import(name: str, root: Path) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
            raise _as_their_own(error) from error.__cause__
        raise ApplicationError(
            f"No module named {error.name!r}, needed for the application {name!r}",
            code="app.module-not-found",
            remedy=f"Correct the module in the setting app; it is looked for in {root} and {root / 'src'}, "
            "then where Python looks. PYTHONPATH adds folders; `pythonpath` of pytest holds in pytest alone.",
        ) from None
    except BaseException as error:  # noqa: BLE001 - it may well be SystemExit
        raise _as_their_own(error) from error.__cause__


def _as_their_own(error: BaseException) -> BaseException:
    return error.with_traceback(own_frames_cut(error.__traceback__))


def _attribute_of(module: ModuleType, attribute: str, path: str) -> Any:
    found: Any = module
    for name in attribute.split("."):
        if not hasattr(found, name):
            near = difflib.get_close_matches(name, [n for n in dir(found) if not n.startswith("__")], n=1)
            where = f"Module {module.__name__!r}" if found is module else repr(type(found).__name__)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ApplicationError(
                f"{where} has no attribute {name!r}, asked for by {path!r}{hint}",
                code="app.attribute-not-found",
                remedy="Correct the attribute in the setting app.",
            )
        found = getattr(found, name)
    return found


def _resolve(target: Any, args: Mapping[str, Any], path: str) -> Any:
    if not callable(target):
        raise ApplicationError(
            f"{path!r} is {type(target).__name__!r}, which is neither an application nor a factory of one",
            code="app.not-callable",
            remedy=f"Name an ASGI or WSGI application, or a function that returns one. {_FORM}",
        )
    if not is_factory(target, args):
        if args:
            raise ApplicationError(
                f"{path!r} is an application, not a factory, so it takes no arguments ({', '.join(args)})",
                code="app.args-without-factory",
                remedy="Remove app_args, or name the factory.",
            )
        return target
    _check_arguments(target, args, path)
    try:
        made = target(**args)
        return _await_here(made) if inspect.isawaitable(made) else made
    except BaseException as error:  # noqa: BLE001 - theirs, whatever it is
        raise _as_their_own(error) from error.__cause__


def _check_arguments(factory: Any, args: Mapping[str, Any], path: str) -> None:
    try:
        inspect.signature(factory).bind(**args)
    except TypeError as error:
        raise ApplicationError(
            f"The factory {path!r} cannot be called with app_args ({', '.join(args) or 'none'}): {error}",
            code="app.factory-args",
            remedy=f"Set app_args to what it takes: {path}{inspect.signature(factory)}.",
        ) from None
    except ValueError:
        return  # written in C: it has no signature to compare with


def _await_here(made: Any) -> Any:
    async def wait() -> Any:
        return await made

    return asyncio.get_event_loop().run_until_complete(wait())


def _known_kind(app: Any, path: str) -> Kind:
    kind = kind_of(app)
    if kind is None:
        raise ApplicationError(
            f"{path!r} gave {type(app).__name__!r}, which is neither an ASGI application "
            "(scope, receive, send) nor a WSGI one (environ, start_response)",
            code="app.unknown-kind",
            remedy="Let the setting app name an application or a factory that returns one.",
        )
    return kind
