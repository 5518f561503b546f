import ctypes
import os

from canary import live

libc = ctypes.CDLL(None, use_errno=True)
watch = libc.inotify_init1(0)
os.mkdir('/root/watched')
libc.inotify_add_watch(watch, b'/root/watched', 0x100)
with open('/root/watched/file', 'w'):
    pass
live(lambda beat: True)
