"""Holds one kernel object by its system call; the number of the call and its arguments are given."""
import ctypes
import sys

from canary import live

libc = ctypes.CDLL(None, use_errno=True)
room = ctypes.create_string_buffer(256)
arguments = [ctypes.c_long(int(each, 0)) if each != 'room' else room for each in sys.argv[2:]]
descriptor = libc.syscall(ctypes.c_long(int(sys.argv[1])), *arguments)
if descriptor < 0:
    raise OSError(ctypes.get_errno(), 'the kernel refused the object')
live(lambda beat: True)
