#!/bin/bash
# Makes what the emulator boots out of the guest's tree: kernel, initial file system, root disk.
#
#   scripts/host/vm/image.sh TREE DIRECTORY        as root
set -euo pipefail

tree=$1
to=$2
here=$(dirname "$(readlink -f "$0")")
kernel=$(basename "$(find "$tree/lib/modules" -mindepth 1 -maxdepth 1 | sort | tail -1)")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$tree/boot/vmlinuz-$kernel" "$to/vmlinuz"
# The disk's driver is a module in this kernel: it is all that the initial file system is for.
mkdir -p "$work/bin" "$work/dev" "$work/proc" "$work/root"
cp "$tree/usr/bin/busybox" "$work/bin/busybox"
"$tree/usr/bin/busybox" xz -dc "$(find "$tree/lib/modules/$kernel" -name 'virtio_blk.ko.xz')" >"$work/virtio_blk.ko"
cat >"$work/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox insmod /virtio_blk.ko
until [ -b /dev/vda ]; do /bin/busybox sleep 0.1; done
/bin/busybox mount -t ext4 -o noatime /dev/vda /root
/bin/busybox mount --move /dev /root/dev
exec /bin/busybox switch_root /root /sbin/guest-init
INIT
chmod 755 "$work/init"
(cd "$work" && find . | "$work/bin/busybox" cpio -o -H newc 2>/dev/null | gzip -1) >"$to/initrd.img"

install -m 755 "$here/guest-init.sh" "$tree/sbin/guest-init"
rm -f "$to/disk.img"
truncate -s 3G "$to/disk.img"
mke2fs -q -t ext4 -O ^has_journal -d "$tree" "$to/disk.img"
