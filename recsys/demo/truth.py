"""The hidden truth of a demo folder: only tests, `clicks` and `planted` read it; a test holds that."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from recsys.data.dataset import rows_of
from recsys.demo.prose.compose import Mention
from recsys.demo.shop import ASPECTS, DEPARTMENTS, OF_DEPARTMENT, VALUES, effects
from recsys.demo.world import (
    POSITION_EFFECTS,
    Floats,
    Ints,
    Items,
    Shoppers,
    World,
    id_width,
    item_effects,
    numbered,
    trend,
)
from recsys.errors import DataError, UnknownItemError, UnknownUserError
from recsys.settings import Context

TRUTH_FILE = "hidden_truth.safetensors"


@dataclass
class Truth:
    """What the demo shop is really like; see `load_truth`.

    Parameters
    ----------
    items, shoppers : hidden facts, rows as in items.parquet and as the shoppers are numbered
    mentions : int32 columns `user`, `item`, `aspect`, `polarity`, `start`, `end`: one row an opinion in a review
    described : the same for descriptions, without `user`
    """

    items: Items
    shoppers: Shoppers
    mentions: Mapping[str, NDArray[np.int32]]
    described: Mapping[str, NDArray[np.int32]]

    def __post_init__(self) -> None:
        n_items, n_shoppers = len(self.items.base), len(self.shoppers.region)
        self.user_ids = pd.Index(numbered("U", np.arange(n_shoppers), n_shoppers), dtype=object)
        self.item_ids = pd.Index(numbered("P", np.arange(n_items), n_items), dtype=object)
        self._effects = item_effects(self.items)
        self._spans: dict[tuple[int, int], list[int]] = {}
        for at, pair in enumerate(zip(self.mentions["user"].tolist(), self.mentions["item"].tolist(), strict=True)):
            self._spans.setdefault(pair, []).append(at)

    def user_rows(self, user_ids: str | Sequence[str]) -> Ints:
        """Look up the rows of shoppers; raises UnknownUserError."""
        ids = [user_ids] if isinstance(user_ids, str) else user_ids
        return rows_of(ids, self.user_ids, UnknownUserError).astype(np.int64)

    def item_rows(self, item_ids: str | Sequence[str]) -> Ints:
        """Look up the rows of products; raises UnknownItemError."""
        ids = [item_ids] if isinstance(item_ids, str) else item_ids
        return rows_of(ids, self.item_ids, UnknownItemError).astype(np.int64)

    def utility(
        self, user_ids: str | Sequence[str], item_ids: str | Sequence[str], context: Context | Sequence[Context]
    ) -> Floats:
        """Compute true utility in log-odds; ids and contexts are one for all or one for each.

        A dimension that the context does not state adds nothing; without a moment there is no trend.
        """
        user, item = np.broadcast_arrays(self.user_rows(user_ids), self.item_rows(item_ids))
        users, local = np.unique(user, return_inverse=True)
        shoppers = Shoppers(**{name: getattr(self.shoppers, name)[users] for name in Shoppers.__slots__})
        contexts = [context] if isinstance(context, Context) else list(context)
        world = World(self.items, shoppers, self._effects)
        total = world.preference(local.reshape(user.shape), item) + world.circumstance(_codes(contexts), item)
        seconds = np.array([0 if one.moment is None else int(one.moment.timestamp()) for one in contexts])
        timed = np.array([one.moment is not None for one in contexts])
        return np.asarray(total + np.where(timed, trend(self.items, item, seconds), np.float32(0)), dtype=np.float32)

    def driving_aspects(self, user_id: str, item_id: str) -> list[tuple[str, float]]:
        """Rank the aspects that speak for a product to a shopper, with shares that sum to 1; none may."""
        user, item = self.user_rows(user_id)[0], self.item_rows(item_id)[0]
        aspects = OF_DEPARTMENT[self.items.department[item]]
        pull = self.shoppers.taste[user, aspects].astype(np.float64) * self.items.quality[item] * (aspects >= 0)
        pull = np.maximum(pull, 0)
        order = [column for column in np.argsort(-pull, kind="stable").tolist() if pull[column] > 0]
        return [(ASPECTS[aspects[column]], float(pull[column] / pull.sum())) for column in order]

    def mentions_of(self, user_id: str, item_id: str) -> list[Mention]:
        """List the opinions in this shopper's review of this product, in order of the text."""
        pair = (int(self.user_rows(user_id)[0]), int(self.item_rows(item_id)[0]))
        return [_mention(self.mentions, at) for at in self._spans.get(pair, [])]

    def described_as(self, item_id: str) -> list[Mention]:
        """List what the description of a product praises."""
        rows = np.flatnonzero(self.described["item"] == self.item_rows(item_id)[0])
        return [_mention(self.described, row) for row in rows.tolist()]

    def effect(self, dimension: str, value: str) -> dict[str, float]:
        """Look up the planted effect of a circumstance, in log-odds, by category label."""
        sizes = effects(dimension)[0][VALUES[dimension].index(value)]
        return {department.label: float(size) for department, size in zip(DEPARTMENTS, sizes, strict=True)}


def _codes(contexts: Sequence[Context]) -> dict[str, Ints]:
    return {
        name: np.array([values.index(value) if (value := getattr(one, name)) in values else -1 for one in contexts])
        for name, values in VALUES.items()
    }


def _mention(columns: Mapping[str, NDArray[np.int32]], at: int) -> Mention:
    aspect, polarity, start, end = (int(columns[name][at]) for name in ("aspect", "polarity", "start", "end"))
    return Mention(ASPECTS[aspect], polarity, start, end)


def save_truth(
    path: Path,
    *,
    items: Items,
    shoppers: Shoppers,
    mentions: Mapping[str, NDArray[np.int32]],
    described: Mapping[str, NDArray[np.int32]],
) -> None:
    """Write the truth as arrays, with every name in the metadata, so that other tools can read it too."""
    arrays: dict[str, NDArray[np.generic]] = {
        "position_effects": np.asarray(POSITION_EFFECTS, dtype=np.float32),
        "aspects_of_department": OF_DEPARTMENT,
    }
    for dimension in VALUES:
        arrays[f"effect.{dimension}.department"], arrays[f"effect.{dimension}.aspect"] = effects(dimension)
    for prefix, columns in (("items", items), ("shoppers", shoppers)):
        arrays.update({f"{prefix}.{name}": getattr(columns, name) for name in type(columns).__slots__})
    for prefix, spans in (("mentions", mentions), ("described", described)):
        arrays.update({f"{prefix}.{name}": column for name, column in spans.items()})
    labels = [department.label for department in DEPARTMENTS]
    widths = {"item_width": id_width(len(items.base)), "user_width": id_width(len(shoppers.region))}
    names = json.dumps({"aspects": ASPECTS, "departments": labels, "values": VALUES, **widths})
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    save_file(contiguous, path, metadata={"names": names})


def load_truth(folder: Path | str) -> Truth:
    """Read the hidden truth of a demo folder. Raises DataError: the folder has none."""
    path = Path(folder) / TRUTH_FILE
    if not path.exists():
        raise DataError(
            "there is no hidden truth here", file=TRUTH_FILE, remedy="make the folder with `python -m recsys demo`"
        )
    groups: dict[str, dict[str, Any]] = {}
    with safe_open(path, framework="numpy") as file:
        for name in file.keys():  # noqa: SIM118
            prefix, _, rest = name.partition(".")
            groups.setdefault(prefix, {})[rest] = file.get_tensor(name)
    return Truth(Items(**groups["items"]), Shoppers(**groups["shoppers"]), groups["mentions"], groups["described"])
