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
# Nothing but the shell is needed from here on: a machine may have lost every other program.
unset BOOT_CONTAINER BOOT_MODE BOOT_CGROUPS BOOT_NAMESPACES BOOT_VOLUME BOOT_TABLES BOOT_STAGE BOOT_DEVICES \
  BOOT_ROOT BOOT_HOSTNAME BOOT_SSH BOOT_BOUNDING_SET BOOT_INNER BOOT_FINISH BOOT_INIT
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 container=namespaces
export PATH HOME LANG container
exec /bin/sh /run/init
