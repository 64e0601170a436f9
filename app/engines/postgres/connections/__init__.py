"""Connections into sandboxes: opened, worked on, bounded, ended."""
