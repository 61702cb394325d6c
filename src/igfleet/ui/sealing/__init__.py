"""The master keys that wrap all data keys, changing them, and showing a secret to a person."""
