import socket
import struct
import time

from canary import live

LINKS, REQUEST_OF_ALL, DONE = 18, 0x301, 3
kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
kernel.bind((0, 0))
kernel.settimeout(5)


def check(beat):
    """What the kernel answers is unread half of the time."""
    kernel.send(struct.pack('=IHHIIB15x', 32, LINKS, REQUEST_OF_ALL, beat, 0, 0))
    time.sleep(0.02)
    kinds = []
    while not kinds or kinds[-1] != DONE:
        answer = kernel.recv(65536)
        while answer:
            length, kind, _, number, _ = struct.unpack_from('=IHHII', answer)
            if number != beat:
                return False
            kinds.append(kind)
            answer = answer[(length + 3) & ~3:]
    return len(kinds) > 1


live(check)
