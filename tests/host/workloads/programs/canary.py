"""The beat of a workload: a line each time, with what only memory knows and whether all is as it should be."""
import random
import time

PATTERN = bytes((index * 7919) % 251 for index in range(65536))


def live(check, pause=0.02):
    """Calls `check(beat)` for ever; a false answer or an exception is written down as damage."""
    name = random.getrandbits(60)
    with open('/root/beats', 'a', buffering=1) as beats:
        beat = 0
        while True:
            beat += 1
            try:
                state = 'ok' if check(beat) else 'damaged'
            except Exception as error:
                state = 'damaged:' + repr(error).replace(' ', '_')
            beats.write(f'{beat} {name} {state}\n')
            time.sleep(pause)
