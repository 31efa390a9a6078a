"""Tests of what people save, on SQLite and on a real PostgreSQL server."""
