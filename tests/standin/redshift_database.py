"""A PostgreSQL database made to look like Redshift's, and sessions in it for statements that translate() has turned over. Any thread."""

import os

from pg_wire import Client
from redshift_sql import SESSION_OPTIONS

CATALOG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "redshift_catalog.sql")
LOCK_OF_CATALOG = 823847113


def read_catalog():
    with open(CATALOG, encoding="utf-8") as file:
        return file.read()


def prepare_database(admin, database, catalog):
    """Puts `catalog` into the database, once. `admin`: (host or socket folder, port, superuser). Raises WireError, OSError."""
    with Client(*admin, database) as client:
        if client.rows("SELECT to_regnamespace('redshift')")[0][0] is not None:
            return
        client.query(f"BEGIN; SELECT pg_advisory_xact_lock({LOCK_OF_CATALOG})")
        if client.rows("SELECT to_regnamespace('redshift')")[0][0] is None:
            client.query(catalog)
        client.query("COMMIT")


def open_session(admin, database, seconds_max):
    """A connection with Redshift's session settings."""
    options = " ".join(f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in SESSION_OPTIONS.items())
    return Client(*admin, database, {"options": options, "application_name": "redshift_data_api"}, seconds_max)
