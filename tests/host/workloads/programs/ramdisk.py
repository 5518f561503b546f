import os

from canary import PATTERN, live

file = open('/ramdisk/held', 'w+b', buffering=0)
with open('/ramdisk/pattern', 'wb') as made:
    made.write(PATTERN)
os.mkdir('/ramdisk/directory', 0o700)
os.symlink('../pattern', '/ramdisk/directory/link')
os.setxattr('/ramdisk/pattern', 'user.kind', b'pattern')


def check(beat):
    file.write(b'%08d' % beat)
    with open('/ramdisk/held', 'rb') as again:
        again.seek(-8, 2)
        last = again.read()
    with open('/ramdisk/directory/link', 'rb') as pattern:
        same = pattern.read() == PATTERN
    return last == b'%08d' % beat and os.path.getsize('/ramdisk/held') == beat * 8 and same \
        and os.getxattr('/ramdisk/pattern', 'user.kind') == b'pattern' and os.stat('/ramdisk/directory').st_mode & 0o777 == 0o700


live(check)
