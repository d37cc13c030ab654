"""Listeners and integrations that an app can do without; each is one module."""
