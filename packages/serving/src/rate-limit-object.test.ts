import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from 'esbuild';
import type { RateLimitVerdict } from './rate-limit-object.ts';

/** Passes calls to one limiter: `{key, method, args}`. */
const WORKER = `
export { RateLimitObject } from './rate-limit-object.ts';
export default { async fetch(request, env) {
  const { key, method, args } = await request.json();
  const object = env.RATE_LIMITS.get(env.RATE_LIMITS.idFromName(key));
  return Response.json((await object[method](...args)) ?? null);
} }`;

let miniflare: Miniflare;
beforeAll(async () => {
  const bundle = await build({
    stdin: { contents: WORKER, resolveDir: join(import.meta.dirname), loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    external: ['cloudflare:*'],
  });
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: bundle.outputFiles[0]?.text ?? '',
      compatibilityDate: '2026-10-20',
      durableObjects: { RATE_LIMITS: { className: 'RateLimitObject', useSQLite: true } },
      cf: false,
    }),
  );
  await miniflare.ready;
});
afterAll(() => miniflare.dispose());

async function call(key: string, method: string, ...args: readonly number[]): Promise<unknown> {
  const response = await miniflare.dispatchFetch('http://limits/', {
    method: 'POST',
    body: JSON.stringify({ key, method, args }),
  });
  return response.json();
}
const take = async (key: string, limit: number, windowMs: number): Promise<RateLimitVerdict> =>
  (await call(key, 'take', limit, windowMs)) as RateLimitVerdict;

const HOUR_MS = 3_600_000;

describe('RateLimitObject', () => {
  it('gives exactly its places, to any number of clients at once', async () => {
    const verdicts = await Promise.all(Array.from({ length: 12 }, () => take('crowd', 5, HOUR_MS)));
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(5);
    for (const verdict of verdicts) {
      expect(
        verdict.allowed || (verdict.retryAfterMs > HOUR_MS - 60_000 && verdict.retryAfterMs <= HOUR_MS),
      ).toBe(true);
    }
  });

  it('keeps keys apart', async () => {
    expect(await take('one', 1, HOUR_MS)).toMatchObject({ allowed: true });
    expect(await take('one', 1, HOUR_MS)).toMatchObject({ allowed: false });
    expect(await take('two', 1, HOUR_MS)).toMatchObject({ allowed: true });
  });

  it('takes a place back, once, and only one that was given', async () => {
    const first = await take('refund', 1, HOUR_MS);
    const slot = first.allowed ? first.slot : -1;
    await call('refund', 'giveBack', slot + 1000);
    expect(await take('refund', 1, HOUR_MS)).toMatchObject({ allowed: false });
    await call('refund', 'giveBack', slot);
    const second = await take('refund', 1, HOUR_MS);
    expect(second).toMatchObject({ allowed: true });
    await call('refund', 'giveBack', slot);
    expect(await take('refund', 1, HOUR_MS)).toMatchObject({ allowed: false });
  });

  it('frees a place when its window has passed, and not before', async () => {
    const windowMs = 400;
    const before = Date.now();
    expect(await take('passing', 1, windowMs)).toMatchObject({ allowed: true });
    await expect
      .poll(() => take('passing', 1, windowMs), { timeout: 10_000, interval: 20 })
      .toMatchObject({
        allowed: true,
      });
    expect(Date.now() - before).toBeGreaterThanOrEqual(windowMs - 5);
  });
});
