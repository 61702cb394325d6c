"""From an order to its posts: draft, plan, preview, start. What the preview shows is what runs."""
