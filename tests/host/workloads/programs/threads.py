import threading

from canary import live

count = 8
ticks = [0] * count
turn = threading.Condition()
private = threading.local()


def work(number):
    private.own = 0
    while True:
        with turn:
            turn.wait()
        private.own += 1
        ticks[number] = private.own


for number in range(count):
    threading.Thread(target=work, args=(number,), daemon=True, name=f'worker-{number}').start()
before = [list(ticks)]


def check(beat):
    with turn:
        turn.notify_all()
    if beat % 10 != 0:
        return True
    grown = all(now > then for now, then in zip(ticks, before[0]))
    before[0] = list(ticks)
    return grown and threading.active_count() == count + 1


live(check)
