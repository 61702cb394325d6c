"""Reports: what was promised to whom, and what came of it."""
