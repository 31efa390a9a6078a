"""Which arithmetic the packaged encoder is fastest in on this processor; decided once, and noted beside the vectors."""

import hashlib
import json
import logging
import platform
import re
import time
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from recsys.files import replace_file

logger = logging.getLogger(__name__)

Precision = Literal["bfloat16", "float32"]

_CPU_INFO = Path("/proc/cpuinfo")
_BFLOAT16_FLAG = re.compile(r"\b(avx512_bf16|amx_bf16|bf16)\b")
_SPEED_UP_WANTED = 1.25
_ERROR_ALLOWED = 0.02


@cache
def fastest_precision() -> Precision:
    """Choose bfloat16 where the processor claims it and a trial confirms it, else float32; once a process.

    Flags come first because they never waver, as a trial on a busy machine may; without flags, the trial decides.
    """
    if _CPU_INFO.exists() and not _BFLOAT16_FLAG.search(_CPU_INFO.read_text(errors="replace")):
        return "float32"
    speed_up, error = _trial()
    chosen: Precision = "bfloat16" if speed_up >= _SPEED_UP_WANTED and error <= _ERROR_ALLOWED else "float32"
    logger.info("bfloat16 is %.2f times as fast here, relative error %.4f: using %s", speed_up, error, chosen)
    return chosen


def settled_precision(folder: Path) -> Precision:
    """Read `fastest_precision` of this processor from a note beside the cached vectors, or decide and note it.

    Vectors of the two precisions are cached apart, so another decision would encode a whole shop again.
    """
    note, processor = folder / "precision.json", _processor()
    try:
        written = json.loads(note.read_text(encoding="utf-8"))
        if written["processor"] == processor and written["precision"] in get_args(Precision):
            return written["precision"]  # type: ignore[no-any-return]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # never decided here, or not readable: decide now
    chosen = fastest_precision()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(note, json.dumps({"processor": processor, "precision": chosen}).encode())
    except OSError as error:
        logger.warning("the precision cannot be noted in %s (%s); it will be decided again next time", folder, error)
    return chosen


def _processor() -> str:
    facts = platform.processor() + platform.machine()
    if _CPU_INFO.exists():
        lines = _CPU_INFO.read_text(errors="replace").splitlines()
        facts = "\n".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def _trial(rounds: int = 7) -> tuple[float, float]:
    """Measure how much faster the encoder's largest product runs in bfloat16, and its relative error."""
    import torch
    import torch.nn.functional as F

    generator = torch.Generator().manual_seed(0)
    states = torch.randn(256, 384, generator=generator)
    weight = torch.randn(1536, 384, generator=generator)
    inputs = {dtype: (states.to(dtype), weight.to(dtype)) for dtype in (torch.float32, torch.bfloat16)}
    best_s = dict.fromkeys(inputs, float("inf"))
    with torch.inference_mode():
        for _ in range(rounds):  # interleaved, so that a busy moment slows both
            for dtype, pair in inputs.items():
                started = time.perf_counter()
                F.linear(*pair)
                best_s[dtype] = min(best_s[dtype], time.perf_counter() - started)
        exact, rough = (F.linear(*pair).float() for pair in inputs.values())
    error = float((exact - rough).norm() / exact.norm())
    return best_s[torch.float32] / best_s[torch.bfloat16], error
