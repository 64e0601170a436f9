"""Playgrounds under a link: what is kept of them, and what differs."""
