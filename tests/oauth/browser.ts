/** A browser as far as sign-in needs one: cookies with their rules, redirects, forms, fetch metadata. */
import { request } from 'node:http';

interface Cookie {
  readonly value: string;
  readonly sameSite: string;
  readonly isSecure: boolean;
}

export interface PageAnswer {
  /** Where the browser is now. */
  readonly url: URL;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Visit {
  readonly method?: string;
  /** A form, sent as application/x-www-form-urlencoded. */
  readonly form?: Readonly<Record<string, string>>;
  /** A script's fetch of JSON. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Origin of the page that makes the browser do it; absent: the address bar. */
  readonly from?: string;
  readonly address?: string;
}

const HOPS_MAX = 20;
export const ADDRESS_HEADER = 'x-test-client-address';

function isLocal(url: URL): boolean {
  return url.protocol === 'http:' && (url.hostname === '127.0.0.1' || url.hostname.endsWith('.localhost'));
}

export class Browser {
  readonly #jars = new Map<string, Map<string, Cookie>>();
  readonly #address: string;

  constructor(address: string) {
    this.#address = address;
  }

  /** The cookies of an origin by name; what a thief of this browser would have. */
  cookies(origin: string): Record<string, string> {
    const jar = this.#jars.get(new URL(origin).host) ?? new Map<string, Cookie>();
    return Object.fromEntries([...jar].map(([name, { value }]) => [name, value]));
  }

  /** Plants cookies, as no web page can: for tests that give an attacker more than they have. */
  plant(origin: string, cookies: Readonly<Record<string, string>>): void {
    const { host } = new URL(origin);
    const jar = this.#jars.get(host) ?? new Map<string, Cookie>();
    for (const [name, value] of Object.entries(cookies)) {
      jar.set(name, { value, sameSite: 'lax', isSecure: true });
    }
    this.#jars.set(host, jar);
  }

  /** One request without following its redirect. */
  async once(address: string | URL, visit: Visit = {}): Promise<PageAnswer> {
    const url = new URL(address);
    const { form, json, from } = visit;
    const body = form === undefined ? json && JSON.stringify(json) : new URLSearchParams(form).toString();
    const method = visit.method ?? (body === undefined ? 'GET' : 'POST');
    const site = from === undefined ? 'none' : from === url.origin ? 'same-origin' : 'cross-site';
    const cookie = this.#cookieHeader(url, method, site, json !== undefined);
    const answer = await send(url, method, typeof body === 'string' ? body : undefined, {
      host: url.host,
      [ADDRESS_HEADER]: visit.address ?? this.#address,
      'sec-fetch-site': site,
      ...(cookie === '' ? {} : { cookie }),
      // Pages say `Referrer-Policy: no-referrer`, with which a form's Origin is null.
      ...(method === 'GET' || from === undefined ? {} : { origin: json === undefined ? 'null' : from }),
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...visit.headers,
    });
    this.#keep(url, answer.headers['set-cookie'] ?? []);
    return { url, ...answer };
  }

  /** Goes to an address and follows redirects, until a page or a place outside of this machine. */
  async go(address: string | URL, visit: Visit = {}): Promise<PageAnswer> {
    let answer = await this.once(address, visit);
    for (let hop = 0; hop < HOPS_MAX; hop += 1) {
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status > 399 || typeof location !== 'string') return answer;
      const next = new URL(location, answer.url);
      if (!isLocal(next)) return { ...answer, url: next };
      const from =
        visit.from === undefined && next.origin === answer.url.origin ? undefined : answer.url.origin;
      const { hash } = next;
      answer = await this.once(next, from === undefined ? {} : { from });
      if (hash !== '' && answer.status === 200) answer = { ...answer, url: next };
    }
    throw new Error('the browser was sent in a circle');
  }

  #cookieHeader(url: URL, method: string, site: string, isFetch: boolean): string {
    const jar = this.#jars.get(url.host) ?? new Map<string, Cookie>();
    const isForeign = site === 'cross-site';
    const sent = [...jar].filter(([, { sameSite }]) => {
      if (!isForeign || sameSite === 'none') return true;
      return sameSite === 'lax' && method === 'GET' && !isFetch;
    });
    return sent.map(([name, { value }]) => `${name}=${value}`).join('; ');
  }

  #keep(url: URL, lines: readonly string[] | string): void {
    const jar = this.#jars.get(url.host) ?? new Map<string, Cookie>();
    for (const line of [lines].flat()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const given = new Map(
        attributes.map((each) => each.toLowerCase().split(/=(.*)/s)).map(([k, v]) => [k, v]),
      );
      const isSecure = given.has('secure');
      // RFC 6265bis section 4.1.3.2: a browser drops such a cookie without Secure and Path=/, or with Domain.
      if (name.startsWith('__Host-') && !(isSecure && given.get('path') === '/' && !given.has('domain')))
        continue;
      if (given.get('max-age') === '0') jar.delete(name);
      else jar.set(name, { value, sameSite: given.get('samesite') ?? 'lax', isSecure });
    }
    this.#jars.set(url.host, jar);
  }
}

function send(
  url: URL,
  method: string,
  body: string | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<Omit<PageAnswer, 'url'>> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: url.port,
        path: `${url.pathname}${url.search}`,
        method,
        headers,
        signal: AbortSignal.timeout(30_000),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
