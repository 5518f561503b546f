import sqlite3

from canary import live

writer = sqlite3.connect('/root/data.sqlite', isolation_level=None)
writer.execute('PRAGMA journal_mode=WAL')
writer.execute('PRAGMA synchronous=NORMAL')
writer.execute('CREATE TABLE beats (beat INTEGER PRIMARY KEY, text TEXT)')
reader = sqlite3.connect('/root/data.sqlite', isolation_level=None)


def check(beat):
    writer.execute('BEGIN IMMEDIATE')
    writer.execute('INSERT INTO beats VALUES (?, ?)', (beat, 'x' * 500))
    writer.execute('COMMIT')
    count, last = reader.execute('SELECT count(*), max(beat) FROM beats').fetchone()
    sound = beat % 10 != 0 or reader.execute('PRAGMA integrity_check').fetchone() == ('ok',)
    return count == beat and last == beat and sound


live(check)
