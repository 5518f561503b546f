import os
import socket

from canary import live

pairs = []
for family, address in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1'), (socket.AF_INET, '0.0.0.0')):
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, 0))
    listener.listen(4)
    target = address
    if address == '0.0.0.0':
        outward = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        outward.connect(('192.0.2.1', 9))
        target = outward.getsockname()[0]
    port = listener.getsockname()[1]
    if os.fork() == 0:
        client = socket.create_connection((target, port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        seen = 0
        while True:
            beat = client.recv(8)
            seen += 1
            client.sendall(b'%s%08d' % (beat, seen))
    pairs.append((listener, listener.accept()[0]))


def check(beat):
    """Reads what came of the last beat, so that between two beats something is unread."""
    good = True
    for _, connection in pairs:
        good = good and (beat == 1 or connection.recv(16, socket.MSG_WAITALL) == b'%08d' % (beat - 1) * 2)
        connection.sendall(b'%08d' % beat)
    return good


live(check)
