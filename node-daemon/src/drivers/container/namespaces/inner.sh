# Root inside, host's tree: mount what belongs to the new namespaces, leave the host's tree for good.
set -eu
cd /
mount -a -T /proc/self/fd/5
{ echo 0x9 >"$BOOT_ROOT/sys/class/net/lo/flags"; } 2>/dev/null || ip link set lo up || echo 'loopback stays down' >&2
hostname "$BOOT_HOSTNAME"
cd "$BOOT_ROOT"
pivot_root . old
cd /
umount -l /old /sys
if [ "$BOOT_MODE" = plain ]; then
  # A chroot is enough here: beneath it is only the staging root.
  exec setpriv --no-new-privs --bounding-set="$BOOT_BOUNDING_SET" chroot /boot /bin/sh -c "$BOOT_FINISH" boot
fi
cd /boot
pivot_root . mnt
cd /
# Beneath is only the staging root. If the machine has lost its umount, it may keep that.
umount -l /mnt || :
exec /bin/sh -c "$BOOT_FINISH" boot
