import os
import socket

from canary import live

listener = socket.socket(socket.AF_UNIX)
listener.bind('/root/socket')
listener.listen(8)
abstract = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
abstract.bind('\0workload')
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
if os.fork() == 0:
    client = socket.socket(socket.AF_UNIX)
    client.connect('/root/socket')
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    seen = 0
    while True:
        beat = client.recv(8)
        seen += 1
        client.send(b'%s%08d' % (beat, seen))
        sender.sendto(beat, '\0workload')
        right.send(beat)
connection, _ = listener.accept()


def check(beat):
    """Reads what came of the last beat, so that between two beats something is unread."""
    last = b'%08d' % (beat - 1)
    good = beat == 1 or connection.recv(16) == last * 2 and abstract.recv(8) == last and left.recv(8) == last
    connection.send(b'%08d' % beat)
    return good


live(check)
