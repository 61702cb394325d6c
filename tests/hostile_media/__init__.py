"""Files that are made to harm whoever reads them: more than two hundred kinds, made anew by a seed each time."""
