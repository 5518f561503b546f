#!/bin/bash
# Installs the node daemon on Debian 12 or 13 or Ubuntu 24.04, from the directory that this script is in; see
# docs/installing-a-host.md. Repeating it brings everything to the same state again, with the newer program.
#
#   install.sh --control-url URL [--join-token TOKEN | --join-token-file FILE]
#              [--storage auto|zfs:POOL|btrfs|directory] [--zfs-disk DEVICE]…
#              [--transfer-listen ADDRESS:PORT] [--image NAME|none] [--no-start] [--dry-run] [--root DIRECTORY]
#   install.sh --uninstall [--purge] [--dry-run] [--root DIRECTORY]
#
# Without a token on the command line, NODE_DAEMON_JOIN_TOKEN is taken, or the terminal is asked for one.
# --dry-run prints what would be done. --root places files under DIRECTORY and touches nothing else of the system.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
control_url='' join_token=${NODE_DAEMON_JOIN_TOKEN:-} storage=auto transfer=off image=debian/13 root=''
zfs_disks=() dry_run=no starts=yes uninstalls=no purges=no
packages=(lxc btrfs-progs debootstrap nftables iproute2 uidmap busybox-static patchelf ca-certificates
  debian-archive-keyring zstd xz-utils procps)

fail() {
  echo "install.sh: $*" >&2
  exit 1
}
# Runs a command, or prints it with --dry-run.
act() {
  if [ "$dry_run" = yes ]; then echo "would run: $*"; else "$@"; fi
}
# Runs a command that changes the system beyond files; not under --root.
act_on_system() {
  if [ -n "$root" ]; then echo "left out under --root: $*"; else act "$@"; fi
}
# write_file PATH MODE, content on standard input.
write_file() {
  local path=$root$1 content
  content=$(cat)
  if [ "$dry_run" = yes ]; then
    echo "would write: $path (mode $2)"
    return
  fi
  mkdir -p "$(dirname "$path")"
  (umask 077 && printf '%s\n' "$content" >"$path.new")
  chmod "$2" "$path.new"
  mv "$path.new" "$path"
}

read_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
    --control-url) control_url=${2:?} && shift ;;
    --join-token) join_token=${2:?} && shift ;;
    --join-token-file) join_token=$(cat "${2:?}") && shift ;;
    --storage) storage=${2:?} && shift ;;
    --zfs-disk) zfs_disks+=("${2:?}") && shift ;;
    --transfer-listen) transfer=${2:?} && shift ;;
    --image) image=${2:?} && shift ;;
    --root) root=$(realpath -m "${2:?}") && shift ;;
    --no-start) starts=no ;;
    --dry-run) dry_run=yes ;;
    --uninstall) uninstalls=yes ;;
    --purge) purges=yes ;;
    -h | --help) sed -n '2,14s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) fail "unknown argument: $1 (--help tells what there is)" ;;
    esac
    shift
  done
}

check_system() {
  [ "$(id -u)" = 0 ] || [ "$dry_run" = yes ] || fail 'it must be run as root'
  local release=${root:-}/etc/os-release
  [ -r "$release" ] || release=/etc/os-release
  # shellcheck disable=SC1090 # the system's own file
  case $(. "$release" && echo "$ID-${VERSION_ID:-}") in
  debian-12 | debian-13 | ubuntu-24.04) ;;
  *) fail "this is neither Debian 12 or 13 nor Ubuntu 24.04 ($(. "$release" && echo "${PRETTY_NAME:-unknown}"))" ;;
  esac
}

check_arguments() {
  [[ $control_url =~ ^https?://[^[:space:]]+$ ]] || [ -s "$root/etc/node-daemon/environment" ] ||
    fail '--control-url is missing, for example https://api.example.org'
  [[ $storage =~ ^(auto|btrfs|directory|zfs:[A-Za-z][A-Za-z0-9_.:/-]*)$ ]] ||
    fail "--storage $storage: not auto, btrfs, directory or zfs:POOL"
  [ ${#zfs_disks[@]} = 0 ] || [[ $storage == zfs:* ]] || fail '--zfs-disk needs --storage zfs:POOL'
  [[ $transfer =~ ^(off|[^[:space:]]+:[0-9]+)$ ]] || fail "--transfer-listen $transfer: not ADDRESS:PORT or off"
  if [ -z "$join_token" ] && ! is_enrolled && [ -t 0 ]; then
    read -r -s -p 'Join token of this server: ' join_token && echo
  fi
  [ -z "$join_token" ] || [[ $join_token =~ ^[0-9a-f]{64}$ ]] || fail 'a join token is 64 hex digits'
  [ -n "$join_token" ] || is_enrolled || fail 'a join token is needed: this host is not enrolled'
}

is_enrolled() {
  [ -s "$root/var/lib/node-daemon/identity.json" ]
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  [[ $storage != zfs:* ]] || packages+=(zfsutils-linux)
  act_on_system apt-get update -q
  # LXC's own bridge, with its NAT and name server, and its autostart are not used: they are never started, but on a
  # host that had LXC before and may use them.
  local held=()
  [ ! -d /run/systemd/system ] || command -v lxc-start >/dev/null ||
    held=(lxc.service lxc-net.service lxc-monitord.service)
  [ ${#held[@]} = 0 ] || act_on_system systemctl -q mask "${held[@]}"
  # Not what is recommended: lxcfs would mount FUSE into machines, which no checkpoint holds.
  act_on_system apt-get install -y -q --no-install-recommends "${packages[@]}"
  if [ ${#held[@]} != 0 ]; then
    act_on_system systemctl -q unmask "${held[@]}"
    act_on_system systemctl -q disable "${held[@]}" || true
  fi
}

install_files() {
  local file
  for file in lib/node-daemon.mjs lib/bin/node systemd/node-daemon.service installing-a-host.md; do
    [ -e "$here/$file" ] || fail "$here/$file is missing: run this out of an unpacked package"
  done
  if [ "$dry_run" = yes ]; then
    echo "would place: $root/usr/lib/node-daemon, /usr/sbin/node-daemon, systemd's node-daemon.service"
  else
    mkdir -p "$root/usr/lib" "$root/etc/systemd/system" "$root/usr/sbin"
    # Beside, then in one step: a running daemon keeps what it has open.
    rm -rf "$root/usr/lib/node-daemon.new"
    cp -R "$here/lib" "$root/usr/lib/node-daemon.new"
    chmod -R go=rX "$root/usr/lib/node-daemon.new"
    rm -rf "$root/usr/lib/node-daemon.old"
    [ ! -e "$root/usr/lib/node-daemon" ] || mv "$root/usr/lib/node-daemon" "$root/usr/lib/node-daemon.old"
    mv "$root/usr/lib/node-daemon.new" "$root/usr/lib/node-daemon"
    rm -rf "$root/usr/lib/node-daemon.old"
    cp -R "$here/systemd/." "$root/etc/systemd/system/"
    mkdir -p "$root/usr/share/doc/node-daemon"
    cp "$here/installing-a-host.md" "$root/usr/share/doc/node-daemon/"
    # Machines' roots pass through it; what is secret in it has modes of its own.
    mkdir -p "$root/var/lib/node-daemon/images"
    chmod 711 "$root/var/lib/node-daemon" "$root/var/lib/node-daemon/images"
  fi
  write_file /usr/sbin/node-daemon 755 <<'WRAPPER'
#!/bin/sh
# The daemon's command line, on the data of the installed daemon.
NODE_DAEMON_DATA_DIR=${NODE_DAEMON_DATA_DIR:-/var/lib/node-daemon} exec /usr/lib/node-daemon/bin/node /usr/lib/node-daemon/node-daemon.mjs "$@"
WRAPPER
  if [ -n "$control_url" ]; then
    write_file /etc/node-daemon/environment 600 <<ENVIRONMENT
NODE_DAEMON_CONTROL_URL=$control_url
NODE_DAEMON_STORAGE=$storage
NODE_DAEMON_TRANSFER_LISTEN=$transfer
NODE_DAEMON_DRIVER=lxc
ENVIRONMENT
  fi
  if [ -n "$join_token" ] && ! is_enrolled; then
    write_file /etc/node-daemon/join-token 600 <<<"NODE_DAEMON_JOIN_TOKEN=$join_token"
  fi
}

# Forwarding for the machines' NAT; the daemon makes bridge and rules itself, with names of its own, at each start.
prepare_network() {
  write_file /etc/sysctl.d/60-node-daemon.conf 644 <<<'net.ipv4.ip_forward = 1'
  act_on_system sysctl -q -p /etc/sysctl.d/60-node-daemon.conf
}

prepare_storage() {
  [[ $storage == zfs:* ]] || return 0
  local name=${storage#zfs:}
  local pool=${name%%/*}
  if [ "$dry_run" = no ] && [ -z "$root" ]; then
    modprobe zfs 2>/dev/null || fail 'the zfs module is missing: install zfs-dkms and the headers of your kernel (Debian: contrib)'
    if zpool list -H -o name "$pool" >/dev/null 2>&1; then return 0; fi
  fi
  [ ${#zfs_disks[@]} -gt 0 ] || [ "$dry_run" = yes ] || [ -n "$root" ] ||
    fail "there is no pool $pool; --zfs-disk DEVICE makes one"
  [ ${#zfs_disks[@]} = 0 ] || act_on_system zpool create -o ashift=12 -O compression=lz4 -O atime=off -O acltype=posixacl \
    -O xattr=sa -m none "$pool" "${zfs_disks[@]}"
}

# CRIU of Debian 12 (3.17) fails on current kernels: a current one is put beside the system.
prepare_criu() {
  if [ -n "$root" ] || [ "$dry_run" = yes ]; then
    act_on_system env XDG_CACHE_HOME=/var/cache /usr/lib/node-daemon/get-criu.sh
    return
  fi
  command -v criu >/dev/null && criu check >/dev/null 2>&1 && return
  XDG_CACHE_HOME=/var/cache /usr/lib/node-daemon/get-criu.sh >/dev/null ||
    echo 'Without CRIU snapshots of this host hold no memory; everything else works.'
}

prepare_image() {
  [ "$image" != none ] || return 0
  [ ! -e "$root/var/lib/node-daemon/images/${image/\//+}/image.json" ] || return 0
  act_on_system /usr/sbin/node-daemon image build "$image" --images-dir /var/lib/node-daemon/images
}

start_service() {
  if [ -d /run/systemd/system ] || [ "$dry_run" = yes ] || [ -n "$root" ]; then
    act_on_system systemctl daemon-reload
    act_on_system systemctl enable node-daemon.service
    [ "$starts" = no ] || act_on_system systemctl restart node-daemon.service
    [ "$starts" = no ] || wait_until_enrolled
  else
    echo 'systemd does not run here: start "node-daemon run" by your own means.'
  fi
}

# Until the daemon answers, with an identity. The token works once: it is not kept longer than that.
wait_until_enrolled() {
  [ "$dry_run" = no ] && [ -z "$root" ] || return 0
  local n
  for n in $(seq 60); do
    if is_enrolled && /usr/sbin/node-daemon status >/dev/null 2>&1; then
      rm -f /etc/node-daemon/join-token
      echo 'This host is enrolled; "node-daemon status" tells how it is.'
      return 0
    fi
    [ "$n" = 60 ] || sleep 1
  done
  is_enrolled || fail 'the daemon has not enrolled within a minute: journalctl -u node-daemon says why'
  fail 'the daemon has not come up within a minute: journalctl -u node-daemon says why'
}

uninstall() {
  local machines=$root/var/lib/node-daemon/machines
  if [ -d "$machines" ] && [ -n "$(ls -A "$machines")" ]; then
    if [ "$purges" = no ]; then
      echo "Machines stay as they are, in $root/var/lib/node-daemon; --purge removes them once they are deleted."
      # systemd keeps the cpu hierarchy of version 1 for those of its units that need it, and takes in whom it finds.
      [ ! -d /sys/fs/cgroup/cpu ] ||
        echo 'On version 1 control groups, what runs now loses its CPU limit: restart it after the next installation.'
    else
      fail "this host still has machines in $machines: delete them through the control plane first"
    fi
  fi
  act_on_system systemctl disable --now node-daemon.service || true
  act rm -rf "$root/usr/lib/node-daemon" "$root/usr/sbin/node-daemon" "$root/etc/systemd/system/node-daemon.service" \
    "$root/etc/systemd/system/node-daemon.service.d" "$root/etc/sysctl.d/60-node-daemon.conf" "$root/etc/node-daemon/join-token" \
    "$root/usr/share/doc/node-daemon"
  act_on_system systemctl daemon-reload || true
  [ "$purges" = yes ] || return 0
  # Never a glob or a mount: what is still mounted there is not gone through.
  if [ -z "$root" ] && mountpoint -q /var/lib/node-daemon/storage; then act umount /var/lib/node-daemon/storage; fi
  act rm -rf --one-file-system "$root/var/lib/node-daemon" "$root/etc/node-daemon"
}

read_arguments "$@"
check_system
[ "$purges" = no ] || [ "$uninstalls" = yes ] || fail '--purge goes with --uninstall'
if [ "$uninstalls" = yes ]; then
  uninstall
  exit 0
fi
check_arguments
install_packages
install_files
prepare_network
prepare_storage
prepare_criu
prepare_image
start_service
