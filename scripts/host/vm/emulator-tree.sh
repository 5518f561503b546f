#!/bin/bash
# Adds the machine emulator to a Debian 13 tree. Debian 12's own (7.2) crashes the guest's kernel during CRIU's work.
#
#   scripts/host/vm/emulator-tree.sh TREE        as root, in a mount namespace of its own
set -euo pipefail

tree=$1
mount -t proc proc "$tree/proc"
run() { chroot "$tree" env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }
run apt-get update -q
run apt-get install -y -q --no-install-recommends qemu-system-x86
run apt-get clean
umount "$tree/proc"
rm -rf "$tree"/var/lib/apt/lists/*
mkdir -p "$tree/vm/image" "$tree/vm/run"
