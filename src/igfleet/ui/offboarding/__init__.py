"""A client leaves: what igfleet knows only for their sake is destroyed, and a receipt tells what."""
