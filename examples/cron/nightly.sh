#!/bin/sh
# Started from a crontab:
#   30 2 * * * /srv/pipelines/nightly.sh >> /var/log/nightly.log 2>&1
# The workflow id is the day: started twice, by hand or by a second machine, it still runs once. The exit code tells cron
# how it ended; the pipeline goes on when this machine dies.
set -eu
cd "$(dirname "$0")/.."
exec temporal-hex pipeline etl.yaml --workflow-id "etl-$(date -u +%F)" --wait
