"""Long jobs in processes of their own, so that no page ever freezes: start one, watch it, stop it.

A job is a folder and a name. Its process holds `<name>.work.lock` as long as it lives, and reports how far it is in
`<name>.work.json`, which any number of pages, sessions and processes may read. What it prints goes to
`<name>.work.log`; the request that it stop is the file `<name>.work.stop`.

Every kind of job is a `JobKind`, through which pages start it, and which its process runs.
"""

from recsys.jobs.kind import POLITE, JobKind, Reporter, Stage
from recsys.jobs.record import NEVER_STARTED, Job, JobStatus, State

__all__ = ["NEVER_STARTED", "POLITE", "Job", "JobKind", "JobStatus", "Reporter", "Stage", "State"]
