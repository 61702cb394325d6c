"""The worker role: leases account tasks over HTTP, runs them, reports."""
