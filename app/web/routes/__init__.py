"""What is answered at which address, a module for each page or group of addresses."""
