"""The circumstances in which the shoppers of a panel were asked for, from its table."""

import pandas as pd

from recsys.settings import CONTEXT_DIMENSIONS, Context


def contexts_asked(shoppers: pd.DataFrame) -> tuple[Context, ...]:
    """One for each row of `Panel.shoppers`; "" there is unknown."""
    stated = shoppers[list(CONTEXT_DIMENSIONS)].astype(object).to_dict("records")
    moments = pd.to_datetime(shoppers["moment_s"], unit="s", utc=True)
    return tuple(
        Context(**{str(name): value or None for name, value in each.items()}, moment=moment.to_pydatetime())
        for each, moment in zip(stated, moments, strict=True)
    )
