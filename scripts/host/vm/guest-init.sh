#!/bin/bash
# Pid 1 of the guest. Mounts what a host has, loads modules, makes the two pools, then runs what comes through the
# control port: one line a job, "MARK BASE64-OF-A-SCRIPT". What the job prints goes back through the port as it
# comes, then a line "MARK EXIT-STATUS".
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C
say() { echo "guest: $* ($(cut -d' ' -f1 /proc/uptime) s)" >/dev/console; }

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 run /run
mkdir -p /dev/pts /dev/shm /run/lock /run/lxc /run/netns
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
for controller in cpu cpuset io memory pids; do
  echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done
mount --make-rshared /
hostname zfs-lab
ip link set lo up
ulimit -n 65536
sysctl -q -w kernel.panic=1 net.ipv4.ip_forward=1

# CRIU asks the kernel for each kind of socket by its own module.
modprobe -a tun veth bridge nf_tables nft_chain_nat nft_masq nft_ct overlay \
  inet_diag tcp_diag udp_diag raw_diag unix_diag netlink_diag af_packet_diag 2>/dev/null
# The emulated processor has AMD's virtualisation, which makes /dev/kvm.
modprobe kvm_amd
say "Linux $(uname -r)"
modprobe zfs zfs_arc_max=268435456 || say 'no ZFS module'
for pool in one:vdc two:vdd; do
  disk=/dev/${pool#*:}
  # Without udev a pool can't be made of a whole disk: it gets a partition.
  printf 'label: gpt\n,,L\n' | sfdisk -q "$disk"
  zpool create -f -O atime=off "${pool%:*}" "${disk}1" || say "no pool ${pool%:*}"
done
mkdir -p /checkout
mount -t ext4 -o noatime /dev/vdb /checkout
say "ready, ZFS $(cat /sys/module/zfs/version)"

port=$(grep -lx control /sys/class/virtio-ports/*/name)
exec {control}<>"/dev/$(basename "$(dirname "$port")")"
while read -r mark job <&"$control"; do
  base64 -d <<<"$job" >/run/job
  bash /run/job </dev/null >&"$control" 2>&1 {control}>&-
  printf '\n%s %d\n' "$mark" "$?" >&"$control"
done
say 'the control port is gone'
echo o >/proc/sysrq-trigger
sleep 60
