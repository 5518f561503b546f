/** Delivers webhooks over HTTP until they are taken, as providers do. */
const ATTEMPTS_MAX = 150;
const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 2000;
const TIMEOUT_MS = 20_000;
const KEPT_MAX = 1000;

/** One webhook and what became of it. */
export interface Delivery {
  readonly provider: 'stripe' | 'nowpayments';
  readonly name: string;
  readonly body: string;
  attempts: number;
  /** Status of the last answer; 0: none came. */
  status: number;
  isTaken: boolean;
}

export interface Deliveries {
  /** Where webhooks go: `http://127.0.0.1:PORT`, or null to keep them back. */
  setTarget(url: string | null): void;
  /** Delivers `body` with headers that are signed anew for each attempt. */
  send(
    provider: Delivery['provider'],
    name: string,
    path: string,
    body: string,
    sign: () => Promise<Record<string, string>>,
  ): void;
  /** The last thousand, oldest first. */
  list(): readonly Delivery[];
  /** Ends all attempts that are still to come. */
  stop(): void;
}

/** Makes the queue; nothing is sent before there is a target. */
export function createDeliveries(): Deliveries {
  let target: string | null = null;
  const stopped = new AbortController();
  const kept: Delivery[] = [];

  async function attempt(delivery: Delivery, path: string, headers: Record<string, string>): Promise<void> {
    if (target === null) return;
    delivery.attempts += 1;
    try {
      const response = await fetch(`${target}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: delivery.body,
        signal: AbortSignal.any([stopped.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.arrayBuffer();
      delivery.status = response.status;
      delivery.isTaken = response.ok;
    } catch {
      delivery.status = 0;
    }
  }

  async function deliver(
    delivery: Delivery,
    path: string,
    sign: () => Promise<Record<string, string>>,
  ): Promise<void> {
    for (let pauseMs = PAUSE_MS_MIN; delivery.attempts < ATTEMPTS_MAX; pauseMs *= 2) {
      await attempt(delivery, path, await sign());
      if (delivery.isTaken || stopped.signal.aborted) return;
      await new Promise<void>((wake) => {
        const timer = setTimeout(wake, Math.min(pauseMs, PAUSE_MS_MAX));
        timer.unref();
        stopped.signal.addEventListener('abort', () => wake(), { once: true });
      });
    }
  }

  return {
    setTarget(url) {
      target = url;
    },
    send(provider, name, path, body, sign) {
      const delivery: Delivery = { provider, name, body, attempts: 0, status: 0, isTaken: false };
      kept.push(delivery);
      if (kept.length > KEPT_MAX) kept.shift();
      // Failures are in the delivery itself.
      void deliver(delivery, path, sign);
    },
    list: () => kept,
    stop: () => stopped.abort(),
  };
}
