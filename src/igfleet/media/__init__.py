"""Media files: what they are, whether they can be published, their covers. Nothing here knows ui or worker."""
