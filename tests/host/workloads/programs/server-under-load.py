import http.client
import http.server
import os
import threading

from canary import live

answered = [0]


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answered[0] += 1
        body = b'x' * 1000
        self.send_response(200)
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(('127.0.0.1', 8080), Answer)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()


def ask():
    connection = http.client.HTTPConnection('127.0.0.1', 8080, timeout=60)
    connection.request('GET', '/')
    body = connection.getresponse().read()
    connection.close()
    return len(body) == 1000


for number in range(2):
    if os.fork() == 0:
        # Each in a file of its own, so that one failed request shows for ever.
        with open(f'/root/failures-{number}', 'w', buffering=1) as failures:
            while True:
                try:
                    if not ask():
                        failures.write('short\n')
                except OSError as error:
                    failures.write(repr(error) + '\n')
before = [0]


def check(beat):
    grown = answered[0] > before[0] or beat == 1
    before[0] = answered[0]
    failed = any(os.path.getsize(f'/root/failures-{number}') for number in range(2) if os.path.exists(f'/root/failures-{number}'))
    return ask() and grown and not failed


live(check)
