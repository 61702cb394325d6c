"""Instagram behind one protocol, and the ways to speak with it."""
