"""What can be done in the tuning room; only the section that is open is computed.

A new section is a function of a `Case` that draws it, and a line in `SECTIONS`.
"""

from collections.abc import Callable

from pages.tuning.by_log.section import clicks_by_the_log
from pages.tuning.presets.section import presets
from pages.tuning.protocol import protocol
from pages.tuning.room import Case
from pages.tuning.search.section import find_weights
from pages.tuning.side.section import side_by_side
from pages.tuning.tune import tune
from pages.tuning.weight_map.section import weight_map

Section = Callable[[Case], None]

SECTIONS: dict[str, Section] = {
    "Live metrics": tune,
    "Weight map": weight_map,
    "Side by side": side_by_side,
    "Presets": presets,
    "Find good weights": find_weights,
    "Clicks by the log": clicks_by_the_log,
    "How this is measured": protocol,
}
