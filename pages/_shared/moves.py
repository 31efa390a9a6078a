"""Places moved since the last setting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Moves:
    """The list before the last change and the list now, for one request.

    Parameters
    ----------
    request : whose list it is; another starts afresh
    now, before : item ids, best first; `before` is None until something has changed
    """

    request: str
    now: tuple[str, ...]
    before: tuple[str, ...] | None = None

    def after(self, request: str, item_ids: Sequence[str]) -> "Moves":
        """The state after another ranking; drawing the same list again keeps what was before."""
        shown = tuple(item_ids)
        if request != self.request:
            return Moves(request, shown)
        return self if shown == self.now else replace(self, now=shown, before=self.now)

    def by_item(self) -> Mapping[str, int | str]:
        """Places moved by item id: positive is up, "new" was not listed before; empty until something has changed."""
        if self.before is None:
            return {}
        earlier = {item_id: place for place, item_id in enumerate(self.before)}
        return {item: earlier[item] - place if item in earlier else "new" for place, item in enumerate(self.now)}
