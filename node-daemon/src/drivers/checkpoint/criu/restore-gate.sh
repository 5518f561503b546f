#!/bin/sh
# CRIU's action script for a restore. When the namespaces exist, pid 1 is in its control groups and nothing else is there
# yet, it says who pid 1 is and waits until the daemon has connected it. Before the processes go on it has them stand still, as they did when they
# were dumped: CRIU does that by itself in version 1 control groups only. $1: FIFO for the number of pid 1, $2: FIFO for
# the answer, $3: cgroup.freeze of the machine's group, or nothing.
case $CRTOOLS_SCRIPT_ACTION in
post-setup-namespaces)
  [ -p "$1" ] && [ -p "$2" ] && echo "$CRTOOLS_INIT_PID" >"$1" && read -r answer <"$2" && [ "$answer" = go ]
  ;;
pre-resume)
  [ -z "$3" ] || echo 1 >"$3"
  ;;
esac
