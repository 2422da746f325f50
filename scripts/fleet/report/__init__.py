"""The report of a run: JSON with a published schema, CSV, and a page for people."""
