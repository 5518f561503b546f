# In the machine's own tree: write what the daemon decides about it, then become its init.
set -eu
cd /
umask 022
echo "$BOOT_HOSTNAME" >/etc/hostname || :
cat <&3 >/etc/environment || :
if [ "$BOOT_SSH" = yes ]; then
  umask 077
  mkdir -p /root/.ssh && cat <&4 >/root/.ssh/authorized_keys || :
  umask 022
fi
printf '%s\n' "$BOOT_INIT" >/run/init
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
  container=namespaces /bin/sh /run/init
