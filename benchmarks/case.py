"""Run one case in this process: ``python -m benchmarks.case headrace_drain 1.0`` prints its figures as JSON."""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from pathlib import Path


def main() -> None:
    name, scale = sys.argv[1], float(sys.argv[2])
    case = importlib.import_module(f"benchmarks.cases.{name}")
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        print(json.dumps(case.measure(Path(folder), scale)))


if __name__ == "__main__":
    main()
