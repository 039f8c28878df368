#!/bin/sh
# Started from a crontab:
#   30 2 * * * /srv/pipelines/nightly.sh >> /var/log/nightly.log 2>&1
# The key is the day: started again, by hand or by a second machine, it follows the pipeline of that day instead of
# running twice; one that failed runs again. The exit code tells cron how it ended, and the pipeline goes on if this
# machine dies.
set -eu
cd "$(dirname "$0")/.."
exec temporal-hex pipeline etl.yaml --key "etl/$(date -u +%F)" --if-exists join --wait
