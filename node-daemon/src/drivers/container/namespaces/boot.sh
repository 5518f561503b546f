#!/bin/sh
# Brings one machine up.
#
#   outer  as the daemon's user, in a mount namespace of its own: joins the cgroups, mounts the machine's
#          tree (only when root), enters all other namespaces
#   first  pid 1 of the machine: asks the daemon for the user map, becomes root inside
#
# inner.sh and finish.sh go on from there. Nothing from the machine's own tree is executed before the host's
# tree is out of reach: first comes a staging root with the host's /usr read-only, then the machine's.
#
# stdin: orders of the daemon; end of file means that the daemon died, and the machine does not come up.
# stdout: answers to the daemon. 3: environment. 4: authorized_keys. 5: inner mount table: opened here, read
# when their paths are out of reach. BOOT_*: see boot.ts.
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

mount_tree() {
  cd "$BOOT_VOLUME"
  mount -a -T "$BOOT_TABLES/tree"
  cp -dR "$BOOT_DEVICES/." "$BOOT_STAGE/machine/dev/"
  mount -a -T "$BOOT_TABLES/devices"
  cd /
}

# Words of BOOT_NAMESPACES and BOOT_CGROUPS are meant to be split.
case "$1" in
outer)
  for group in $BOOT_CGROUPS; do echo 0 >"$group"; done
  [ "$BOOT_MODE" = user ] || mount_tree
  exec unshare $BOOT_NAMESPACES --fork --propagation private /bin/sh "$0" first
  ;;
first)
  read -r status </proc/self/stat
  echo "init $status"
  read -r order
  [ "$order" = go ] || exit 1
  exec 3<"$BOOT_TABLES/environment" 4<"$BOOT_TABLES/authorized_keys" 5<"$BOOT_TABLES/inner"
  [ "$BOOT_MODE" != user ] || mount_tree
  if [ "$BOOT_MODE" = mapped ]; then
    exec setpriv --reuid 0 --regid 0 --clear-groups /bin/sh -c "$BOOT_INNER" boot
  fi
  exec /bin/sh -c "$BOOT_INNER" boot
  ;;
esac
