import ctypes
import os
import signal
import sys

from canary import live

libc = ctypes.CDLL(None, use_errno=True)
flag = {'net': 0x40000000, 'ipc': 0x08000000, 'uts': 0x04000000, 'user': 0x10000000}[sys.argv[1]]
ready, tell = os.pipe()
if os.fork() == 0:
    if libc.unshare(flag) != 0:
        raise OSError(ctypes.get_errno())
    os.write(tell, b'x')
    while True:
        signal.pause()
os.read(ready, 1)
live(lambda beat: True)
