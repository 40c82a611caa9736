"""Every query of HQ. SQLAlchemy Core; the same statements on SQLite and PostgreSQL."""
