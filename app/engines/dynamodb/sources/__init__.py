"""What visitors write: API calls, command lines, and lines of programs, read and never executed."""
