"""The experiments page: what was asked, what came out, how sure it is, and the way to run it again."""
