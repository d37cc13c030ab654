"""headrace: arguments encoded and decoded, 10,000 times each, by both built-in codecs and by the standard library."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headrace import Headrace

ROUNDS = 10_000
ORDER = {"customer": {"id": 42, "name": "Ada", "emails": ["ada@example.com"]}, "total": 12.5, "lines": [1, 2, 3] * 5}


def _per_second(function: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        function()
    return ROUNDS / (time.perf_counter() - begun)


def measure(folder: Path, scale: float) -> dict[str, float]:
    app = Headrace("memory://")
    figures: dict[str, float] = {}
    for codec in ("json", "msgpack"):

        @app.task(name=f"order_{codec}", codec=codec)
        async def order(customer: dict[str, Any], total: float, lines: list[int]) -> None:
            return None

        def encode(order: Any = order) -> Any:
            return order.call(**ORDER)

        payload = encode().new_job().payload
        figures[f"{codec}: checked and encoded, calls/s"] = _per_second(encode)
        figures[f"{codec}: decoded and checked, calls/s"] = _per_second(
            lambda order=order, payload=payload: order.arguments(payload)  # type: ignore[misc]
        )
        figures[f"{codec}: bytes"] = float(len(payload))
    text = json.dumps(ORDER)
    figures["standard library's json: encoded, calls/s"] = _per_second(lambda: json.dumps(ORDER))
    figures["standard library's json: decoded, calls/s"] = _per_second(lambda: json.loads(text))
    return figures
