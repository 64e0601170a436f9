"""Devices that measure their rooms."""
