import ctypes
import os
import struct

from canary import live

libc = ctypes.CDLL(None, use_errno=True)
watch = libc.inotify_init1(0)
places = ['/root/watched', '/run/watched', '/tmp/watched']
for place in places:
    os.makedirs(place, exist_ok=True)
numbers = [libc.inotify_add_watch(watch, place.encode(), 0x100) for place in places]
# A link itself, not what it leads to (IN_DONT_FOLLOW): it has no name of its own for the kernel.
os.symlink('/nowhere', '/root/link')
link = libc.inotify_add_watch(watch, b'/root/link', 0x02000004)


def check(beat):
    for place, number in zip(places, numbers):
        with open(f'{place}/{beat}', 'w'):
            pass
        os.unlink(f'{place}/{beat}')
        told, mask, _, length = struct.unpack_from('iIII', event := os.read(watch, 4096))
        name = event[16:16 + length].rstrip(b'\0').decode()
        if (told, mask, name) != (number, 0x100, str(beat)):
            return False
    os.utime('/root/link', (beat, beat), follow_symlinks=False)
    return struct.unpack_from('iI', os.read(watch, 4096)) == (link, 0x4)


live(check)
