import hashlib
import random

from canary import live

random.seed(1)
tree = {number: {'list': [random.random() for _ in range(50)], 'text': str(number) * 10} for number in range(3000)}


def digest():
    return hashlib.sha256(repr(tree).encode()).hexdigest()


expected = digest()


def numbers():
    number = 0
    while True:
        number += 1
        yield number


generator = numbers()
live(lambda beat: next(generator) == beat and (beat % 10 != 0 or digest() == expected))
