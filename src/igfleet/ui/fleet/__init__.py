"""The accounts as an operator sees them: the list and its filter, health, one account's page and time line."""
