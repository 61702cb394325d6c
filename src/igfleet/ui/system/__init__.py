"""How igfleet itself is: its checks, its background work, its disk; and a file about it without secrets."""
