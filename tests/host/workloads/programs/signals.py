import os
import signal

from canary import live

seen = []
signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
# One signal stays pending and blocked for the whole life.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGRTMIN])
os.kill(os.getpid(), signal.SIGUSR2)
for _ in range(3):
    os.kill(os.getpid(), signal.SIGRTMIN)


def check(beat):
    os.kill(os.getpid(), signal.SIGUSR1)
    pending = signal.sigpending()
    return len(seen) == beat and signal.SIGUSR2 in pending and signal.SIGRTMIN in pending


live(check)
