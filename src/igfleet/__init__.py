"""igfleet: publish to, and care for, fleets of Instagram accounts that you own or are authorised to manage."""

__version__ = "0.1.0"
