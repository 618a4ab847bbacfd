#!/bin/sh
# Write a verified backup into the directory that is named, and keep the newest seven.
# Copy that directory to another machine: `borg create ::fedi-{now} /var/backups/fedi` does so and keeps what is
# the same in two backups only once (the tar file is not compressed as a whole, for that reason).
set -eu
directory=$1
fedi=${FEDI:-/opt/fedi/.venv/bin/fedi}
file=$directory/fedi-$(date -u +%Y%m%dT%H%M%SZ).tar
"$fedi" backup create "$file"
"$fedi" backup verify "$file"
# shellcheck disable=SC2012 # the names are ours and have no spaces
ls -1 "$directory"/fedi-*.tar | sort -r | tail -n +8 | while read -r old; do rm -- "$old"; done
