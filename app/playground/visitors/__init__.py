"""Who is here: sessions, what they may do how often, what they used, who is banned."""
