"""Who may do what in the dashboard: sessions, passwords, forms, headers."""
