import os
import pty
import tty

from canary import live

child, terminal = pty.fork()
if child == 0:
    os.execvp('sh', ['sh', '-c', 'stty -echo; n=0; while read line; do n=$((n+1)); echo "$line $n"; done'])
tty.setraw(terminal)
reader = os.fdopen(terminal, 'rb', buffering=0)


def read_line():
    line = b''
    while not line.endswith(b'\n'):
        line += reader.read(1)
    return line.decode().split()


def check(beat):
    os.write(terminal, f'{beat}\n'.encode())
    return read_line() == [str(beat), str(beat)]


live(check, pause=0.05)
