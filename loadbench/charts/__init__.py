"""Charts: what they hold as plain data, and how they are drawn. The only importer of matplotlib."""
