"""Long work in a process of its own, so that no page ever freezes: start it, watch it, stop it.

A work is a folder and a name. Its process holds `<name>.work.lock` as long as it lives, and says how far it is in
`<name>.work.json`, replaced in one rename, which any number of pages, sessions and processes may read. What it prints
goes to `<name>.work.log`; the wish that it stop is a file, too, `<name>.work.stop`.

Every kind of work is a `JobKind` in a module of its own: a page calls its `start`, and looks at the `Work` that gives;
the module, run as the process, calls `main`.
"""

from recsys.jobs.kind import POLITE, JobKind, Stage
from recsys.jobs.process import Reporter, run_work
from recsys.jobs.record import State
from recsys.jobs.start import start_work
from recsys.jobs.watch import NEVER_STARTED, Work, WorkStatus

__all__ = [
    "NEVER_STARTED",
    "POLITE",
    "JobKind",
    "Reporter",
    "Stage",
    "State",
    "Work",
    "WorkStatus",
    "run_work",
    "start_work",
]
