"""Files of a model, mapped into memory: opened at once whatever their size, shared by all who read them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def map_table(path: Path) -> pa.Table:
    """The table of an Arrow IPC file."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def map_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Arrays of a safetensors file as memory maps (the library itself would copy them).

    The format is an 8-byte little-endian header length, a JSON header, and the raw arrays.
    """
    mapped = np.memmap(path, np.uint8, mode="r")
    n_header = int.from_bytes(mapped[:8].tobytes(), "little")
    if n_header > len(mapped) - 8:
        raise ValueError("the header lies outside the file")
    header = json.loads(mapped[8 : 8 + n_header].tobytes())
    content = mapped[8 + n_header :]
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            if not 0 <= first <= last <= len(content):
                raise ValueError(f"{name} lies outside the file")
            arrays[name] = content[first:last].view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays


_DTYPES: dict[str, Any] = {
    "BOOL": np.bool_,
    **{"I8": np.int8, "I16": np.int16, "I32": np.int32, "I64": np.int64},
    **{"U8": np.uint8, "U16": np.uint16, "U32": np.uint32, "U64": np.uint64},
    **{"F16": np.float16, "F32": np.float32, "F64": np.float64},
}
