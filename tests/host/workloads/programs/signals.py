import os
import signal

from canary import live

seen = []
signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
# One signal stays pending and blocked for the whole life; of the other, each is kept.
QUEUED = 3
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGRTMIN])
os.kill(os.getpid(), signal.SIGUSR2)


def queue():
    for _ in range(QUEUED):
        os.kill(os.getpid(), signal.SIGRTMIN)


def take_queued():
    taken = 0
    while signal.sigtimedwait([signal.SIGRTMIN], 0) is not None:
        taken += 1
    return taken


queue()


def check(beat):
    os.kill(os.getpid(), signal.SIGUSR1)
    pending = signal.sigpending()
    if beat % 10 == 0:
        if take_queued() != QUEUED:
            return False
        queue()
    return len(seen) == beat and signal.SIGUSR2 in pending and signal.SIGRTMIN in pending


live(check)
