#!/bin/bash
# Runs the guest in the foreground until it ends or is killed. Whatever it mounts is gone with it.
#
#   scripts/host/vm/run-guest.sh EMULATOR-TREE IMAGE-DIRECTORY RUN-DIRECTORY CPUS        as root
#
# In the run directory: checkout.img, one.img and two.img (pools) are its disks, console.log gets what its kernel
# says, control.sock is its control port. The root disk is never changed: what is written to it goes away.
set -euo pipefail

if [ "${5:-}" != --inside ]; then
  exec unshare --mount --propagation private -- "$0" "$@" --inside
fi
emulator=$1
mount --bind /dev "$emulator/dev"
mount --bind "$2" "$emulator/vm/image"
mount --bind "$3" "$emulator/vm/run"
disk() { printf 'file=/vm/%s,if=virtio,format=raw,cache=unsafe%s' "$1" "${2:-}"; }
# Dies with whoever started it. apparmor=0: LXC refuses to work with a half of AppArmor.
exec setpriv --pdeathsig KILL chroot "$emulator" env TMPDIR=/vm/run qemu-system-x86_64 \
  -M q35 -accel tcg,thread=multi,tb-size=512 -cpu max,la57=off -smp "$4" -m 3G \
  -nodefaults -nographic -no-reboot -serial file:/vm/run/console.log \
  -kernel /vm/image/vmlinuz -initrd /vm/image/initrd.img \
  -append 'console=ttyS0 quiet panic=1 apparmor=0 mitigations=off random.trust_cpu=on tsc=reliable net.ifnames=0 init_on_alloc=0 rcupdate.rcu_expedited=1' \
  -drive "$(disk image/disk.img ,snapshot=on)" -drive "$(disk run/checkout.img ,snapshot=on)" \
  -drive "$(disk run/one.img ,discard=unmap)" -drive "$(disk run/two.img ,discard=unmap)" \
  -device virtio-rng-pci -device virtio-serial-pci \
  -chardev socket,id=control,path=/vm/run/control.sock,server=on,wait=off -device virtserialport,chardev=control,name=control
