// An HTTP server of Node and eight clients that keep their connections open.
import { appendFileSync } from 'node:fs';
import http from 'node:http';
import { randomBytes } from 'node:crypto';

const connections = new Set();
const server = http.createServer({ keepAliveTimeout: 3_600_000 }, (request, response) => {
  connections.add(request.socket);
  response.end(request.url);
});
await new Promise((resolve) => server.listen(8080, '127.0.0.1', resolve));
const agents = Array.from({ length: 8 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
const ask = (agent, path) =>
  new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port: 8080, path, agent }, (response) => {
        let body = '';
        response.on('data', (chunk) => (body += chunk));
        response.on('end', () => resolve(body === path));
      })
      .on('error', reject);
  });
const name = randomBytes(6).toString('hex');
for (let beat = 1; ; beat += 1) {
  const answers = await Promise.all(agents.map((agent) => ask(agent, `/${beat}`))).catch(() => [false]);
  const good = answers.every(Boolean) && connections.size === agents.length;
  appendFileSync('/root/beats', `${beat} ${name} ${good ? 'ok' : 'damaged'}\n`);
  await new Promise((resolve) => setTimeout(resolve, 20));
}
