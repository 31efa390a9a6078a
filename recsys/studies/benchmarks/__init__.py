"""What `recsys bench` measures; each module has `run`, and in `SMALL` the options of a run that takes seconds."""
