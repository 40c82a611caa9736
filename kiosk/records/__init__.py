"""The kiosk's one SQLite file: directory, visits, outbox."""
