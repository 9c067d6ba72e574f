"""Pages of people and clubs, one module a subject."""
