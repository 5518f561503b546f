import { buildOpenApi } from '@control-plane/contract/openapi';
import { ROUTES } from '@control-plane/contract/routes';
import { createContext, runInContext } from 'node:vm';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { DOCS_SCRIPT } from './docs-script.ts';

type Listener = (event: unknown) => unknown;

/** As much of a DOM element as the page's program uses. */
class PageElement {
  readonly children: (PageElement | string)[] = [];
  readonly attributes = new Map<string, string>();
  readonly listeners = new Map<string, Listener>();
  readonly name: string;
  hidden = false;
  open = false;
  disabled = false;
  value = '';
  constructor(name: string) {
    this.name = name;
  }
  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }
  get dataset(): { text: string } {
    return { text: this.attributes.get('data-text') ?? '' };
  }
  addEventListener(type: string, listener: Listener): void {
    this.listeners.set(type, listener);
  }
  append(...children: (PageElement | string)[]): void {
    this.children.push(...children);
  }
  replaceChildren(...children: (PageElement | string)[]): void {
    this.children.splice(0, this.children.length, ...children);
  }
  set textContent(text: string) {
    this.replaceChildren(text);
  }
  querySelector(selector: string): PageElement | undefined {
    return this.all().find((element) => `.${element.attributes.get('class')}` === selector);
  }
  all(): PageElement[] {
    return this.children.flatMap((child) => (child instanceof PageElement ? [child, ...child.all()] : []));
  }
  text(): string {
    return this.children.map((child) => (child instanceof PageElement ? child.text() : child)).join(' ');
  }
  named(name: string): PageElement[] {
    return this.all().filter((element) => element.name === name);
  }
}

interface SentRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

const page = new Map(['title', 'filter', 'token', 'operations'].map((id) => [id, new PageElement(id)]));
const sent: SentRequest[] = [];
const operations = page.get('operations') ?? new PageElement('missing');
const description = buildOpenApi(ROUTES, { serverUrl: 'https://api.example.com', version: '1' });

function answerTo(url: string, init?: Omit<SentRequest, 'url'>): Promise<unknown> {
  if (init === undefined) return Promise.resolve({ json: () => Promise.resolve(description) });
  sent.push({ ...init, url });
  return Promise.resolve({
    status: 200,
    headers: new Headers({ 'content-type': 'application/json', 'x-request-id': 'request-1' }),
    text: () => Promise.resolve('{"answer":1}'),
  });
}

function operationNode(operationId: string): PageElement {
  const node = operations.named('details').find((each) => each.attributes.get('id') === operationId);
  if (node === undefined) throw new Error(`${operationId} is not on the page`);
  return node;
}

function open(node: PageElement): PageElement {
  node.open = true;
  node.listeners.get('toggle')?.({});
  return node;
}

beforeAll(async () => {
  const context = createContext({
    document: {
      createElement: (name: string) => new PageElement(name),
      getElementById: (id: string) => page.get(id),
      querySelectorAll: () => operations.named('details'),
    },
    fetch: answerTo,
    location: { hash: '' },
    performance,
    URLSearchParams,
  });
  runInContext(DOCS_SCRIPT, context);
  await vi.waitUntil(() => operations.named('details').length > 0);
});

describe('the reference page', () => {
  it('shows every operation of the description, twins included', () => {
    const expected = Object.values(description.paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    );
    const shown = operations.named('details').map((node) => node.attributes.get('id') ?? '');
    expect(shown.toSorted()).toStrictEqual(expected.toSorted());
    for (const route of ROUTES) expect(shown).toContain(route.operationId);
  });

  it('shows parameters, body fields, answers and error codes of each when it is opened', () => {
    for (const node of operations.named('details')) expect(open(node).text()).toContain('Answers');
    const create = operationNode('projects.create').text();
    for (const text of [
      'alias *',
      'max_containers',
      'data.realm_ids',
      'DUPLICATE_ALIAS',
      'needs a credential',
    ]) {
      expect(create.replaceAll(/\s+/g, ' ')).toContain(text);
    }
    expect(operationNode('images.listPublic').text()).toContain('min_price (query)');
  });

  it('tries an operation on its own host, with the token and the filled-in values', async () => {
    const node = open(operationNode('projects.update'));
    const token = page.get('token');
    if (token !== undefined) token.value = ' hdy_secret ';
    for (const input of node.named('input')) input.value = 'a/b';
    for (const area of node.named('textarea')) area.value = '{"alias":"x"}';
    await node.named('button')[0]?.listeners.get('click')?.({});
    expect(sent.at(-1)).toMatchObject({
      url: '/api/v1/projects/a%2Fb',
      method: 'PUT',
      headers: { authorization: 'Bearer hdy_secret', 'content-type': 'application/json' },
      body: '{"alias":"x"}',
    });
    expect(node.named('pre')[0]?.text()).toMatch(
      /^200 in \d+ ms, request request-1\n\n\{\n {2}"answer": 1\n\}$/,
    );
  });

  it('keeps only what the filter finds', () => {
    page.get('filter')?.listeners.get('input')?.({ target: { value: '/REALMS/' } });
    const visible = operations.named('details').filter((node) => !node.hidden);
    expect(visible.map((node) => node.attributes.get('id'))).toStrictEqual(['realms.list']);
  });
});
