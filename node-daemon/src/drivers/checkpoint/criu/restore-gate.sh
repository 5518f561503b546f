#!/bin/sh
# CRIU's action script for a restore: when the namespaces exist and nothing is in them yet, says who pid 1 is and
# waits until the daemon has connected it. $1: FIFO for the number of pid 1, $2: FIFO for the answer.
[ "$CRTOOLS_SCRIPT_ACTION" = setup-namespaces ] || exit 0
[ -p "$1" ] && [ -p "$2" ] && echo "$CRTOOLS_INIT_PID" >"$1" && read -r answer <"$2" && [ "$answer" = go ]
