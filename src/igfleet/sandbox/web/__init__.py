"""The web site, as a browser sees it. Importing the package registers every route."""

from igfleet.sandbox.web import challenge, files, login, pages, reads

__all__ = ["challenge", "files", "login", "pages", "reads"]
