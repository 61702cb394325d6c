"""The log of all tasks: searched, and one line with what stood around it."""
