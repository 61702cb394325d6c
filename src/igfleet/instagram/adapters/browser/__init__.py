"""The parts of driving the web site with a browser. `playwright_client` puts them together."""
