#!/bin/bash
# Boots a tree with systemd as a host of its own, in the foreground, until that is shut down or its pid 1 is killed:
# with processes, mounts, network, names and control groups of its own, on the kernel that there is.
#
#   tests/host/installed/boot-host.sh TREE NAME PID-FILE        as root, in the lab
#
# NAME: up to 15 letters, unique on this machine. The lab is 203.0.113.1 to it, it is 203.0.113.2. PID-FILE gets the
# number that its pid 1 has in the lab.
set -euo pipefail

# Every mounted hierarchy once: DIRECTORY TYPE OPTIONS. Beside version 1 the one of version 2, which has no controllers
# then, is left out: LXC 6.0 gives CRIU its path without the option that belongs to it, and no restore works.
hierarchies() {
  local all
  all=$(awk '$5 ~ "^/sys/fs/cgroup(/|$)" && / - cgroup2? / {at = $5; sub(".* - ", ""); print at, $1, $3}' /proc/self/mountinfo | sort -u)
  grep ' cgroup ' <<<"$all" || echo "$all"
}

outside() {
  local tree=$1 name=$2 pid_file=$3 top status=0 tops settings file
  tops=$(hierarchies | cut -d ' ' -f 1)
  # These are the kernel's, not a host's; systemd raises them at its start.
  settings=$(sysctl fs.nr_open fs.file-max)
  ip netns add "$name"
  ip link add "$name" type veth peer name eth0 netns "$name"
  ip address add 203.0.113.1/24 dev "$name"
  ip link set "$name" up
  ip -n "$name" link set lo up
  ip -n "$name" address add 203.0.113.2/24 dev eth0
  ip -n "$name" link set eth0 up
  ip -n "$name" route add default via 203.0.113.1
  for top in $tops; do
    mkdir "$top/$name"
    for file in cpuset.cpus cpuset.mems; do
      [ ! -e "$top/$file" ] || cat "$top/$file" >"$top/$name/$file"
    done
  done
  # Another shell enters the groups: this one has to take them away in the end.
  bash -euc '
    for top in $4; do echo $$ >"$top/$2/cgroup.procs"; done
    exec nsenter --net="/run/netns/$2" unshare --mount --uts --ipc --cgroup --pid --fork --kill-child \
      --propagation private -- "$0" --inside "$1" "$2" "$3"' "$0" "$tree" "$name" "$pid_file" "$tops" || status=$?
  sysctl -q -w "$(sed -n '1s/ //gp' <<<"$settings")" "$(sed -n '2s/ //gp' <<<"$settings")"
  for top in $tops; do find "$top/$name" -depth -type d -exec rmdir {} +; done
  ip netns delete "$name"
  return "$status"
}

inside() {
  local tree=$1 name=$2 pid_file=$3 all top type options node pid rest told
  # /proc is still the lab's. The number is written once this is the host's own world.
  read -r pid rest </proc/self/stat
  exec {told}>"$pid_file"
  all=$(hierarchies)
  mount --bind "$tree" "$tree"
  cd "$tree"
  mount -t proc proc proc
  mount -t sysfs sysfs sys
  grep -q '^/sys/fs/cgroup cgroup2 ' <<<"$all" || mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
  while read -r top type options; do
    [ -d ".$top" ] || mkdir ".$top"
    case $type:$options in
    cgroup2:*) mount -t cgroup2 cgroup2 ".$top" ;;
    *name=systemd*) mount -t cgroup -o none,name=systemd cgroup ".$top" ;;
    *) mount -t cgroup -o "${options#rw,}" cgroup ".$top" ;;
    esac
  done <<<"$all"
  mount -t tmpfs -o mode=755 tmpfs dev
  mkdir dev/pts dev/shm dev/net
  for node in null zero full random urandom tty fuse loop-control btrfs-control net/tun kvm; do
    [ ! -e "/dev/$node" ] || cp -a "/dev/$node" "dev/$node"
  done
  for node in $(seq 0 255); do mknod -m 660 "dev/loop$node" b 7 "$node"; done
  # The kernel's log, which systemd's does not find under this name: a device that is of no use to the daemon.
  mknod -m 600 dev/kernel-log c 1 11
  ln -s pts/ptmx dev/ptmx
  ln -s /proc/self/fd dev/fd
  mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts dev/pts
  mount -t tmpfs -o mode=1777 tmpfs dev/shm
  mount -t tmpfs -o mode=755 tmpfs run
  mkdir -p before
  pivot_root . before
  cd /
  umount -l /before
  rmdir /before
  hostname "$name"
  echo "$pid" >&"$told"
  exec {told}>&-
  # On version 1 groups systemd 257 starts only when it is told so, and mounts version 2 beside them by itself.
  exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb /sbin/init \
    SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 systemd.legacy_systemd_cgroup_controller=1 systemd.log_target=console
}

if [ "$1" = --inside ]; then
  shift
  inside "$@"
else
  outside "$@"
fi
