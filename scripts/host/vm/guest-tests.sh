#!/bin/bash
# Runs the suite inside the guest, in two lanes side by side: what needs pools only (storage), and what needs machines
# and their network (machines). The emulated processor has two cores, and a test mostly waits for one program. Their
# reports are /tmp/report-LANE.json.
#
#   scripts/host/vm/guest-tests.sh [VITEST-ARGUMENTS…]        in /checkout, as root
set -u

lane() {
  local name=$1
  shift
  local words=("${@/#--outputFile.json=*/--outputFile.json=/tmp/report-$name.json}")
  ZFS_LANE=$name node node_modules/vitest/vitest.mjs run --config tests/zfs/vitest.config.ts --passWithNoTests "${words[@]}"
}

if [ "${1:-}" = --lane ]; then
  shift
  lane "$@"
  exit
fi
(
  lane storage "$@" 2>&1 | tee /tmp/storage.log
  exit "${PIPESTATUS[0]}"
) &
storage=$!
# The guest is a host of its own already: only the network around it is made.
scripts/host/in-lab.sh --inside "$0" --lane machines "$@" 2>&1 | tee /tmp/machines.log
machines=${PIPESTATUS[0]}
wait "$storage"
storage=$?
if grep -q 'No test files found' /tmp/storage.log && grep -q 'No test files found' /tmp/machines.log; then
  exit 1
fi
[ "$storage" -eq 0 ] && [ "$machines" -eq 0 ]
