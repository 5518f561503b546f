#!/bin/sh
# LXC's start-host hook: pid 1 of the machine waits until this ends. Says who it is, waits for the daemon.
# $1: FIFO for the number of pid 1, $2: FIFO for the answer. Both are gone when no daemon starts the machine.
[ -p "$1" ] && [ -p "$2" ] && echo "$LXC_PID" >"$1" && read -r answer <"$2" && [ "$answer" = go ]
