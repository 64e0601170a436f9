"""What visitors write: split, laid out, and recognised where it is another database's."""
