import fcntl
import os

from canary import live

held = []
for number in range(2):
    file = open(f'/root/locked-{number}', 'w')
    held.append(file)
fcntl.flock(held[0], fcntl.LOCK_EX)
fcntl.lockf(held[1], fcntl.LOCK_EX)
question, ask = os.pipe()
answer, tell = os.pipe()
if os.fork() == 0:
    while os.read(question, 1):
        blocked = 0
        for number, lock in ((0, fcntl.flock), (1, fcntl.lockf)):
            with open(f'/root/locked-{number}', 'r+') as other:
                try:
                    lock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    blocked += 1
        os.write(tell, str(blocked).encode())


def check(beat):
    os.write(ask, b'x')
    return os.read(answer, 1) == b'2'


live(check)
