"""Holds coverage's JSON report against the targets, module by module, lines and branches each.

One figure for everything would let a well tested module hide one that nobody tests, and lines hide branches.
"""

import json
import sys
from pathlib import Path

TARGETS = {
    # What the contract asks of every module of these.
    "src/core/": 90,
    "src/validators/": 90,
    # And what it asks of layers; where several fit, the highest counts.
    "src/core/database.py": 100,
    "src/core/connector.py": 100,
    "src/core/metrics.py": 95,
    "src/models/": 100,
    "src/security/rls.py": 100,
    "src/security/audit.py": 90,
    "src/ml/embeddings.py": 95,
    "database/migrations/versions/": 100,
}


def main(report):
    modules = json.loads(Path(report).read_text(encoding="utf-8"))["files"]
    problems = [
        f"{target}: no module of it was measured"
        for target in TARGETS
        if not any(name.startswith(target) for name in modules)
    ]
    for name, found in sorted(modules.items()):
        wanted = max((percent for target, percent in TARGETS.items() if name.startswith(target)), default=0)
        for what, covered, of in figures(found["summary"]):
            if covered * 100 < wanted * of:
                problems.append(f"{name}: {what} {100 * covered / of:.1f} %, target {wanted} %")
    print("\n".join(problems) or f"{len(modules)} modules reach their targets, in lines and in branches")
    return 1 if problems else 0


def figures(summary):
    if "num_branches" not in summary:
        raise SystemExit("the report has no branches: measure with branch = true")
    yield "lines", summary["covered_lines"], summary["num_statements"]
    yield "branches", summary["covered_branches"], summary["num_branches"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
