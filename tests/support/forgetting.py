"""What a test imported of a folder of its own must not be met by the next one."""

from __future__ import annotations

import sys
from pathlib import Path


def forget_modules(root: Path) -> None:
    """Forget the modules that were imported from below a folder, and the folder itself.

    Modules of two projects may have one name, and whoever imports it second would get the first.
    """
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and Path(file).is_relative_to(root):
            del sys.modules[name]
    sys.path[:] = [entry for entry in sys.path if not Path(entry).is_relative_to(root)]
