"""Storage in PostgreSQL: tables, rows, the unit of work, claims, secrets, the embedded server and migrations.

Nothing is imported here: SQLAlchemy is loaded by those who open a store (`nudge_adapters.sql.store`), and the embedded
server's helper process must start without any third-party package.
"""
