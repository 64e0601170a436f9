"""MongoDB: the shell's JavaScript against a real mongod, a database and a user of its own for each sandbox."""
