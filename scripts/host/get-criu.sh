#!/bin/bash
# Puts a current CRIU beside the system, without touching it, and prints the directory that holds it.
#
#   scripts/host/get-criu.sh [SUITE] [DIRECTORY]        default: sid, ${XDG_CACHE_HOME:-~/.cache}/container-control-plane/criu
#
# Debian 12's CRIU (3.17) fails on current kernels and Debian 13's (4.1) can't dump sockets on them. This takes the
# package and its libraries from SUITE through an apt configuration of its own (mirror and keyring are those of this
# machine), unpacks them, and points the binary at its own loader and libraries. A finished directory is kept and used
# again; it is keyed by suite and least version, and made beside and renamed, so that a broken run leaves nothing.
set -euo pipefail

suite=${1:-sid}
least_version=4.2.1
home=${2:-${XDG_CACHE_HOME:-$HOME/.cache}/container-control-plane/criu}
final=$home/$suite-$least_version

if [ -x "$final/bin/criu" ] && "$final/bin/criu" --version >/dev/null 2>&1; then
  echo "$final"
  exit 0
fi
fail() {
  echo "get-criu: $*" >&2
  exit 1
}
for tool in apt-get dpkg dpkg-deb patchelf; do
  command -v "$tool" >/dev/null || fail "$tool is missing"
done
sources=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list 2>/dev/null || true)
mirror=${CRIU_MIRROR:-$(awk '/^URIs:/ {print $2; exit} /^deb / {for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) {print $i; exit}}' <<<"$sources")}
[ -n "$mirror" ] || fail "no Debian mirror in this machine's apt sources (give one as CRIU_MIRROR)"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keyring" ] || fail "$keyring is missing (package debian-archive-keyring)"

mkdir -p "$home"
work=$(mktemp -d "$home/.making.XXXXXX")
trap 'rm -rf "$work"' EXIT
apt=$work/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$work/packages" "$work/unpacked" "$work/tree/bin" "$work/tree/lib"
echo "deb [signed-by=$keyring] $mirror $suite main" >"$apt/sources.list"
cat >"$apt/apt.conf" <<CONFIGURATION
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$apt/lists";
Dir::State::status "/dev/null";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
CONFIGURATION
export APT_CONFIG=$apt/apt.conf
apt-get update -q >"$work/log" 2>&1 || { tail -5 "$work/log" >&2; fail "the package list of $suite could not be read"; }
# The closure is resolved as if nothing were installed; of it, CRIU and shared libraries are what is needed.
packages=$(apt-get install -s -y criu 2>/dev/null | awk '/^Inst/ {print $2}' | grep -E '^(criu|lib)')
[ -n "$packages" ] || fail "$suite has no CRIU for this machine"
# shellcheck disable=SC2086 # one word a package
(cd "$work/packages" && apt-get download -q $packages >"$work/log" 2>&1) || { tail -5 "$work/log" >&2; fail "the packages could not be fetched"; }
for package in "$work"/packages/*.deb; do dpkg-deb -x "$package" "$work/unpacked"; done

find "$work/unpacked" \( -path '*/lib/*-linux-gnu*/*.so*' -o -name 'ld-linux*.so*' \) \( -type f -o -type l \) -not -path '*/gconv/*' -exec cp -dn {} "$work/tree/lib/" \;
cp "$(find "$work/unpacked" -path '*sbin/criu' | head -1)" "$work/tree/bin/criu"
loader=$(basename "$(find "$work/tree/lib" -name 'ld-linux*.so*' | sort | head -1)")
version=$("$work/tree/lib/$loader" --library-path "$work/tree/lib" "$work/tree/bin/criu" --version | awk '/^Version:/ {print $2}')
dpkg --compare-versions "$version" ge "$least_version" || fail "$suite has CRIU $version; $least_version or later is needed"
patchelf --set-interpreter "$final/lib/$loader" --set-rpath "$final/lib" --force-rpath "$work/tree/bin/criu"
echo "$version" >"$work/tree/version"
if ! mv -T "$work/tree" "$final" 2>/dev/null; then
  # Another run finished first, or a broken one left a directory there.
  "$final/bin/criu" --version >/dev/null 2>&1 || { rm -rf "$final"; mv -T "$work/tree" "$final"; }
fi
echo "$final"
