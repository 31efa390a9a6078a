"""What people save: tuning presets, with who saved them when and how they measured, in SQLite or PostgreSQL."""
