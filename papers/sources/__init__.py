"""Sources that run themselves: what is fetched, when, how politely, and how far each has come."""
