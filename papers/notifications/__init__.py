"""Telling people: mails by way of a queue in the database, and the reminders of a club."""
