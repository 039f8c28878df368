#!/bin/sh
# Creates the two databases of a Temporal server and brings their schemas up to date. Safe to run again; an upgrade needs it.
# Reads SQL_HOST, SQL_PORT, SQL_USER and SQL_PLUGIN (by temporal-sql-tool itself) and POSTGRES_PASSWORD_FILE.
set -eu

# In the environment, not on the command line, where any process of the host could read it.
SQL_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
export SQL_PASSWORD

migrate() {
  database=$1
  schema=$2
  temporal-sql-tool --db "$database" create
  temporal-sql-tool --db "$database" setup-schema -v 0.0
  temporal-sql-tool --db "$database" update-schema --schema-name "postgresql/v12/$schema"
}

migrate temporal temporal
migrate temporal_visibility visibility
