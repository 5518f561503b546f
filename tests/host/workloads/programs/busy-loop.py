from canary import live

state = {'sum': 0, 'count': 0}


def check(beat):
    for _ in range(20000):
        state['count'] += 1
        state['sum'] += state['count']
    return state['count'] == beat * 20000 and state['sum'] == state['count'] * (state['count'] + 1) // 2


live(check, pause=0)
