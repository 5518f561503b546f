import ctypes
import os

from canary import live

libc = ctypes.CDLL(None, use_errno=True)
os.mkdir('/root/private')
if libc.unshare(0x00020000) != 0 or libc.mount(b'none', b'/', None, 1 << 18 | 1 << 14, None) != 0:
    raise OSError(ctypes.get_errno())
if libc.mount(b'tmpfs', b'/root/private', b'tmpfs', 0, None) != 0:
    raise OSError(ctypes.get_errno())
with open('/root/private/file', 'w') as made:
    made.write('only here')


def check(beat):
    with open('/root/private/file') as again:
        return again.read() == 'only here'


live(check)
