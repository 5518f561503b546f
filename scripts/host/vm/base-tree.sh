#!/bin/bash
# Fills an empty directory with a minimal Debian 13, from the mirror that this machine uses itself.
#
#   scripts/host/vm/base-tree.sh DIRECTORY        as root
set -euo pipefail

tree=$1
sources=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list 2>/dev/null || true)
mirror=$(awk '/^URIs:/ {print $2; exit} /^deb / {for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) {print $i; exit}}' <<<"$sources")
[ -n "$mirror" ] || {
  echo "base-tree: no Debian mirror in this machine's apt sources" >&2
  exit 1
}
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
debootstrap --variant=minbase --components=main,contrib --include=ca-certificates trixie "$tree" "$mirror"

# Nothing is started when packages are installed in it, and nothing is kept that no test reads.
printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
chmod 755 "$tree/usr/sbin/policy-rc.d"
mkdir -p "$tree/etc/dpkg/dpkg.cfg.d"
printf '%s\n' force-unsafe-io path-exclude=/usr/share/doc/* path-exclude=/usr/share/man/* path-exclude=/usr/share/locale/* \
  >"$tree/etc/dpkg/dpkg.cfg.d/slim"
