import { createServer, type Server } from 'node:http';
import type { Metrics } from './metrics.ts';

export type MetricsServer = { readonly port: number; readonly close: () => Promise<void> };

/** Serves `/metrics` and `/healthz` on loopback; `port` 0 takes a free one. */
export async function serveMetrics(
  port: number,
  metrics: Metrics,
  health: () => { readonly healthy: boolean; readonly details: Readonly<Record<string, unknown>> },
): Promise<MetricsServer> {
  const server: Server = createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (request.url === '/metrics') {
      response
        .writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
        .end(metrics.render());
    } else if (request.url === '/healthz') {
      const { healthy, details } = health();
      response.writeHead(healthy ? 200 : 503, { 'content-type': 'application/json' });
      response.end(`${JSON.stringify({ status: healthy ? 'ok' : 'unavailable', ...details })}\n`);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
