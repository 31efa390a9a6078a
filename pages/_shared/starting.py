"""Where the controls of a page start: at the shop's default preset, where it has one."""

from dataclasses import replace

from pages._shared import resources
from pages._shared.frame import Frame
from pages._shared.view import Choices, Start
from recsys.errors import RecsysError


def choices(frame: Frame) -> Choices:
    """What the controls of a page can hold, and where they start; a database that is away changes neither."""
    held = resources.choices(frame.model, frame.model.model_id)
    try:
        preset = resources.saved(frame.home, frame.shop_name).default()
    except RecsysError:  # an address that names no database; the tuning room says so
        return held
    return held if preset is None else replace(held, start=Start.of(preset.name, preset.settings.ranking()))
