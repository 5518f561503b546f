import ctypes
import mmap
import os

from canary import PATTERN, live

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
segment = libc.shmget(0, len(PATTERN), 0o1600)
address = libc.shmat(segment, None, 0)
ctypes.memmove(address, PATTERN, len(PATTERN))
semaphore = libc.semget(0, 1, 0o1600)
queue = libc.msgget(0, 0o1600)
os.makedirs('/dev/shm', exist_ok=True)
posix = os.open('/dev/shm/workload', os.O_RDWR | os.O_CREAT)
os.ftruncate(posix, len(PATTERN))
mapped = mmap.mmap(posix, len(PATTERN))
mapped[:] = PATTERN
anonymous = mmap.mmap(-1, 4096)
if os.fork() == 0:
    import time
    while True:
        # The child answers in memory that both share.
        anonymous[8:16] = anonymous[0:8]
        time.sleep(0.001)


class Message(ctypes.Structure):
    _fields_ = [('kind', ctypes.c_long), ('text', ctypes.c_char * 8)]


libc.msgsnd(queue, ctypes.byref(Message(1, b'%08d' % 1)), 8, 0)


def check(beat):
    text = b'%08d' % beat
    anonymous[0:8] = text
    while anonymous[8:16] != text:
        pass
    libc.semctl(semaphore, 0, 16, beat % 1000)
    # One message more than is taken out: between two beats there is always one in the queue.
    libc.msgsnd(queue, ctypes.byref(Message(1, b'%08d' % (beat + 1))), 8, 0)
    message = Message()
    libc.msgrcv(queue, ctypes.byref(message), 8, 0, 0)
    return ctypes.string_at(address, len(PATTERN)) == PATTERN and mapped[:] == PATTERN \
        and libc.semctl(semaphore, 0, 12) == beat % 1000 and message.text == text


live(check)
