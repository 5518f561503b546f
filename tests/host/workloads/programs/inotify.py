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


def check(beat):
    for place, number in zip(places, numbers):
        with open(f'{place}/{beat}', 'w'):
            pass
        os.unlink(f'{place}/{beat}')
        told, mask, _, length = struct.unpack_from('iIII', event := os.read(watch, 4096))
        name = event[16:16 + length].rstrip(b'\0').decode()
        if (told, mask, name) != (number, 0x100, str(beat)):
            return False
    return True


live(check)
