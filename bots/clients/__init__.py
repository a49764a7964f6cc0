"""Calling the platforms: one caller, one keeper of access tokens, one table of their error codes."""
