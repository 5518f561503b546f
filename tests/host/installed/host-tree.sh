#!/bin/bash
# Makes an ordinary Debian out of the image of a machine, with an archive of its own in /srv/packages: what the
# installer asks apt for can be had there without a network, and nothing of it is installed yet.
#
#   tests/host/installed/host-tree.sh IMAGE-ROOT FIRST-ID TREE PACKAGE…        as root, in a mount namespace of its own
#
# FIRST-ID: the number that root of the image has outside of machines.
set -euo pipefail

image=$1 first=$2 tree=$3
shift 3
# Where LXC finds no newuidmap it maps numbers itself, whatever /etc/subuid says; tar starts in its directory, to
# which it may have no way as the machines' root.
(
  cd "$image"
  PATH=/usr/sbin:/sbin /usr/bin/lxc-usernsexec -m "b:0:$first:65536" -- \
    /usr/bin/env PATH=/usr/bin:/bin tar -cf - --numeric-owner .
) | tar -xpf - --numeric-owner -C "$tree"

# What makes it a machine that can be held in a checkpoint is taken back.
find "$tree/etc/systemd/system" -lname /dev/null -delete
rm -rf "$tree/etc/systemd/system/service.d" "$tree"/etc/systemd/{journald,system,user}.conf.d
# The first two would fetch news in the background; the last has no modules to load on a kernel that takes none.
for unit in apt-daily.timer apt-daily-upgrade.timer systemd-modules-load.service; do
  ln -s /dev/null "$tree/etc/systemd/system/$unit"
done

mount -t proc proc "$tree/proc"
cat /etc/resolv.conf >"$tree/etc/resolv.conf"
run() { chroot "$tree" env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }
run apt-get update -q
rm -f "$tree"/var/cache/apt/archives/*.deb
run apt-get install -y -q --no-install-recommends --download-only "$@"
umount "$tree/proc"

archive=$tree/srv/packages
mkdir -p "$archive"
mv "$tree"/var/cache/apt/archives/*.deb "$archive"
cd "$archive"
for file in *.deb; do
  dpkg-deb -f "$file"
  printf 'Filename: ./%s\nSize: %d\nSHA256: %s\n\n' "$file" "$(stat -c %s "$file")" "$(sha256sum "$file" | cut -d ' ' -f 1)"
done >Packages
rm -rf "$tree"/var/lib/apt/lists/* "$tree"/etc/apt/sources.list.d/* "$tree"/etc/resolv.conf
echo 'deb [trusted=yes] file:/srv/packages ./' >"$tree/etc/apt/sources.list"
echo force-unsafe-io >"$tree/etc/dpkg/dpkg.cfg.d/quick"
