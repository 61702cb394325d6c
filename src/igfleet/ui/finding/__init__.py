"""Finding one's way: saved views of lists, and the search over everything."""
