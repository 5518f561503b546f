#!/bin/bash
# Builds what the ZFS lab needs where it is not there yet: an emulator and a guest. Minutes the first time, nothing
# afterwards. The last line of its output is "EMULATOR-TREE IMAGE-DIRECTORY"; progress goes to standard error.
#
#   scripts/host/vm/build.sh        as root, with debootstrap, mke2fs and busybox
#
# Kept in ${XDG_CACHE_HOME:-~/.cache}/container-control-plane/zfs-vm, each part keyed by a hash of the scripts that
# make it. A part is made beside and renamed, so that a run that was killed leaves nothing that looks whole.
set -euo pipefail

if [ "${1:-}" != --inside ]; then
  # In namespaces of its own: when this ends, however it ends, its processes and mounts are gone.
  exec unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- "$0" --inside
fi
here=$(dirname "$(readlink -f "$0")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/container-control-plane/zfs-vm
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
rm -rf "$cache"/.making.*
work=$(mktemp -d "$cache/.making.XXXXXX")
trap 'rm -rf "$work"' EXIT

key() { (cd "$here" && cat "$@") | sha256sum | cut -c1-16; }
emulator=$cache/emulator-$(key base-tree.sh emulator-tree.sh)
guest=$cache/guest-$(key base-tree.sh guest-tree.sh)
image=$cache/image-$(key base-tree.sh guest-tree.sh image.sh guest-init.sh)

# step WORDS COMMAND…: runs it with its output in a log, telling every half minute that it is still at work.
step() {
  local words=$1 log=$work/${2##*/}.log started=$SECONDS
  shift
  echo "$words …" >&2
  "$@" >"$log" 2>&1 &
  local job=$! looks=0
  while kill -0 "$job" 2>/dev/null; do
    sleep 1
    looks=$((looks + 1))
    [ $((looks % 30)) -ne 0 ] || echo "  $words: $((SECONDS - started)) s" >&2
  done
  if ! wait "$job"; then
    echo "$words: failed" >&2
    tail -n 20 "$log" >&2
    return 1
  fi
  echo "$words: $((SECONDS - started)) s" >&2
}
# The tree of a minimal Debian is made once for both.
base() {
  [ -d "$work/base" ] || step 'A minimal Debian 13' "$here/base-tree.sh" "$work/base"
}
make_emulator() {
  cp -a "$work/base" "$work/emulator"
  step 'The machine emulator' "$here/emulator-tree.sh" "$work/emulator"
  mv -T "$work/emulator" "$emulator"
}

background=
if [ ! -d "$emulator" ]; then
  base
  make_emulator &
  background=$!
fi
if [ ! -d "$image" ]; then
  if [ ! -d "$guest" ]; then
    base
    cp -a "$work/base" "$work/guest"
    step 'A guest with Linux, ZFS, LXC and CRIU' "$here/guest-tree.sh" "$work/guest"
    mv -T "$work/guest" "$guest"
  fi
  mkdir "$work/image"
  step 'The disk of the guest' "$here/image.sh" "$guest" "$work/image"
  mv -T "$work/image" "$image"
fi
[ -z "$background" ] || wait "$background"

# Of other recipes only what was used in the last days is kept: a branch may be gone back to.
touch "$emulator" "$guest" "$image" 2>/dev/null || true
find "$cache" -mindepth 1 -maxdepth 1 -type d -name '*-*' -mtime +3 -exec rm -rf {} +
echo "$emulator $image"
