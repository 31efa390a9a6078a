"""The tuning room: one file per section and per thing that several sections draw."""
