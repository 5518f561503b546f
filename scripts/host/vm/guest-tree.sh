#!/bin/bash
# Makes a Debian 13 tree into that of the guest: the cloud kernel, OpenZFS built for it, LXC and CRIU.
# Building the ZFS module is what takes minutes.
#
#   scripts/host/vm/guest-tree.sh TREE        as root, in a mount namespace of its own
set -euo pipefail

tree=$1
mount -t proc proc "$tree/proc"
# INITRD=No: the guest has an initial file system of the lab's own.
run() { chroot "$tree" env DEBIAN_FRONTEND=noninteractive LC_ALL=C INITRD=No "$@"; }
install() { run apt-get install -y -q --no-install-recommends "$@"; }
run apt-get update -q
install linux-image-cloud-amd64 linux-headers-cloud-amd64
install lxc criu uidmap busybox-static iproute2 nftables procps kmod fdisk
echo 'Building the ZFS module …'
install zfs-dkms
install zfsutils-linux
[ -n "$(find "$tree/lib/modules" -name 'zfs.ko*')" ] || {
  echo 'guest-tree: no ZFS module was built' >&2
  exit 1
}
umount "$tree/proc"

# The compiler and all that only built the module: the guest has no use for it.
kernel=$(basename "$(find "$tree/lib/modules" -mindepth 1 -maxdepth 1 | sort | tail -1)")
rm -rf "$tree"/usr/src "$tree"/usr/lib/gcc "$tree"/usr/libexec/gcc "$tree"/var/cache/apt/*.bin "$tree"/var/cache/apt/archives \
  "$tree"/var/lib/apt/lists "$tree"/var/lib/dkms "$tree"/usr/share/perl "$tree"/usr/lib/linux-kbuild* \
  "$tree"/usr/bin/*-linux-gnu-* "$tree/lib/modules/$kernel/build" "$tree/lib/modules/$kernel/source"
