#!/bin/sh
# Runs a command on a host of its own: network, mount and pid namespaces that are gone, with everything in
# them, when the command ends. The machine outside is not touched, but for control groups.
#
#   scripts/host/in-lab.sh COMMAND [ARGUMENTS…]      as root
#
# Inside there is an uplink, 192.0.2.1, to a network namespace "outside" that is 192.0.2.2.
set -eu
if [ "${1:-}" != --inside ]; then
  exec unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private -- "$0" --inside "$@"
fi
shift
# /sys shows the network namespace in which it was mounted; the control groups below it move over.
groups=$(mktemp -d)
mount --rbind /sys/fs/cgroup "$groups"
mount -t sysfs sysfs /sys
mount --rbind "$groups" /sys/fs/cgroup
umount -l "$groups"
rmdir "$groups"
# As on any host that was booted; CRIU keeps what it learns of the kernel there, and asks anew each time otherwise.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/lxc /run/lock
mount --make-rshared /

ip link set lo up
ip netns add outside
ip -n outside link set lo up
ip link add uplink type veth peer name eth0 netns outside
ip address add 192.0.2.1/24 dev uplink
ip link set uplink up
ip route add default via 192.0.2.2
ip -n outside address add 192.0.2.2/24 dev eth0
ip -n outside link set eth0 up

# Not replaced by the command: this shell is pid 1 here and takes in what others leave.
status=0
"$@" || status=$?
exit "$status"
