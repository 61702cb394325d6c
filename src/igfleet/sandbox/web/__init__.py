"""The web site, as a browser sees it. Importing the package registers every route."""

from igfleet.sandbox.web import files, login, pages, reads

__all__ = ["files", "login", "pages", "reads"]
