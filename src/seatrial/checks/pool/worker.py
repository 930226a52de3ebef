"""What the process of a check of pools does."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from seatrial.checks.finding import Inapplicable
from seatrial.checks.ground import Ground
from seatrial.checks.pool.apart import written
from seatrial.checks.pool.exhaustion import exhaustion
from seatrial.checks.pool.recovery import recovery
from seatrial.config import load_settings, redact
from seatrial.errors import SeatrialError
from seatrial.trial import Trial

_LOOKS = {"exhaustion": exhaustion, "recovery": recovery}


def main() -> None:
    """Do what is asked on the standard input, and write the answer where it says."""
    request = json.load(sys.stdin)
    sys.path[:] = request["path"]
    answer = _answer(request)
    with os.fdopen(request["answer"], "w", encoding="utf-8") as file:
        json.dump(answer, file)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    trial = Trial(load_settings(Path(request["source"])), database="embedded")
    try:
        trial.prepare()
        said = [written(each) for each in _LOOKS[request["look"]](Ground.of_trial(trial))]
    except Inapplicable as why:
        return {"inapplicable": str(why)}
    except SeatrialError as error:
        return {"error": error.message, "detail": redact(str(error))}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told where the run is
        return {"error": redact(str(error)), "detail": redact(traceback.format_exc())}
    finally:
        trial.close()
    return {"said": said}


if __name__ == "__main__":
    main()
