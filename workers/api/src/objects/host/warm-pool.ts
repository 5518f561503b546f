import { describeError, randomHex, randomObjectId, type Logger } from '@control-plane/serving';
import { warmPoolOf, type Database, type WarmPoolTemplate } from '@control-plane/database';
import type { ContainerRecord } from '@control-plane/lifecycle';
import type { Env } from '../../env.ts';
import { operationIdOf } from '../../ids.ts';
import { SYSTEM } from '../container/journal.ts';
import { containerGateway } from '../gateways.ts';
import type { HostIdentity } from './host-store.ts';
import { warmRecord } from './warm-record.ts';
import { kindKey, type WarmEntry, type WarmKind, type WarmStore } from './warm-store.ts';

/** How what is in the database becomes known here. */
const TEMPLATES_READ_MS = 30_000;
/** More at once would only make each of them slower, and the host's other guests too. */
const PREPARING_MAX = 4;
/** A claimant that has not come for its machine in this time never will. */
const CLAIM_PATIENCE_MS = 2 * 60_000;
/** Ready machines are looked at this often: they may have died in the meantime. */
const INSPECTION_MS = 60_000;
/** Longer than an `Idempotency-Key` counts, so that a retry of a create finds the machine it got. */
const TAKEN_KEPT_MS = 25 * 3_600_000;

interface Parts {
  readonly env: Env;
  readonly store: WarmStore;
  readonly database: Database;
  readonly identity: () => HostIdentity | null;
  readonly isConnected: () => boolean;
  readonly log: Logger;
}

/** The machines that one host holds ready: made in the background, each given away once. */
export class WarmPool {
  readonly #parts: Parts;
  #templates: readonly WarmPoolTemplate[] = [];
  #readAtMs = 0;
  #tending: Promise<void> | null = null;
  #again = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The kinds of machine that can be had from here. */
  kinds(): WarmKind[] {
    return this.#templates.map(({ image, ramdisk }) => ({ image, ramdisk }));
  }

  /** A ready machine for this claimant, or null. */
  claim(claimId: string, kind: WarmKind): string | null {
    return this.#parts.store.claim(claimId, kindKey(kind), Date.now());
  }

  /** What became of a claim: the machine is the claimant's, was not used, or can't be used by anybody. */
  settle(containerId: string, end: 'taken' | 'unused' | 'broken'): void {
    const state = end === 'unused' ? 'ready' : end === 'broken' ? 'retiring' : 'taken';
    this.#parts.store.setState(containerId, state, Date.now());
  }

  /** Whether a container is one of the machines here. */
  has(containerId: string): boolean {
    return this.#parts.store.has(containerId);
  }

  /** Looks after all of it: what is ready, given away, dead, too much, missing. Never throws. */
  tend(): Promise<void> {
    if (this.#tending !== null) {
      this.#again = true;
      return this.#tending;
    }
    this.#tending = this.#tendAll().finally(() => {
      this.#tending = null;
    });
    return this.#tending;
  }

  async #tendAll(): Promise<void> {
    const { log } = this.#parts;
    try {
      do {
        this.#again = false;
        await this.#tendOnce(Date.now());
      } while (this.#again);
    } catch (error) {
      log.warn('warm pool could not be tended and will be again', { error: describeError(error) });
    }
  }

  async #tendOnce(nowMs: number): Promise<void> {
    const { identity, isConnected, database, store } = this.#parts;
    const host = identity();
    if (host === null || !isConnected()) return;
    if (nowMs - this.#readAtMs >= TEMPLATES_READ_MS) {
      this.#templates = await warmPoolOf(database, host.serverId);
      this.#readAtMs = nowMs;
    }
    await Promise.all(store.entries().map((entry) => this.#look(entry, nowMs)));
    this.#retireSurplus(nowMs);
    await this.#refill(host, nowMs);
  }

  /** Brings one entry to what its container is. */
  async #look({ containerId, state, sinceMs }: WarmEntry, nowMs: number): Promise<void> {
    const { store, env } = this.#parts;
    const ageMs = nowMs - sinceMs;
    if (state === 'taken') {
      if (ageMs > TAKEN_KEPT_MS) store.remove(containerId);
      return;
    }
    if (state === 'ready' && ageMs < INSPECTION_MS) return;
    if (state === 'claimed' && ageMs < CLAIM_PATIENCE_MS) return;
    const record = await containerGateway(env, containerId).read();
    if (record === null) {
      store.remove(containerId);
    } else if (state === 'retiring') {
      await this.#delete(containerId);
    } else if (!record.prespawn) {
      store.setState(containerId, 'taken', nowMs);
    } else if (record.status === 'running') {
      store.setState(containerId, 'ready', nowMs);
    } else if (record.status !== 'creating') {
      store.setState(containerId, 'retiring', nowMs);
      await this.#delete(containerId);
    }
  }

  #retireSurplus(nowMs: number): void {
    const { store } = this.#parts;
    const wanted = new Map(this.#templates.map((template) => [kindKey(template), template.size]));
    for (const { containerId, kind, state } of store.entries()) {
      if (state !== 'ready' && state !== 'preparing') continue;
      const left = wanted.get(kind) ?? 0;
      if (left > 0) wanted.set(kind, left - 1);
      else if (state === 'ready') {
        store.setState(containerId, 'retiring', nowMs);
        this.#again = true;
      }
    }
  }

  async #refill(host: HostIdentity, nowMs: number): Promise<void> {
    const { store } = this.#parts;
    const entries = store.entries();
    let room = PREPARING_MAX - entries.filter(({ state }) => state === 'preparing').length;
    const started: Promise<void>[] = [];
    for (const template of this.#templates) {
      const kind = kindKey(template);
      const held = entries.filter(
        (entry) => entry.kind === kind && (entry.state === 'ready' || entry.state === 'preparing'),
      ).length;
      for (let missing = template.size - held; missing > 0 && room > 0; missing -= 1, room -= 1) {
        started.push(this.#prepare(host, template, nowMs));
      }
    }
    await Promise.all(started);
  }

  async #prepare(host: HostIdentity, template: WarmKind, nowMs: number): Promise<void> {
    const { store, env, log } = this.#parts;
    const record: ContainerRecord = warmRecord(randomObjectId(), host, template, nowMs);
    // Written first: a machine that nobody knows of would never be cleared away.
    store.add(record.id, kindKey(template), nowMs);
    const operationId = operationIdOf(record.id, randomHex(8));
    const outcome = await containerGateway(env, record.id).create({
      operationId,
      actor: SYSTEM,
      requestId: operationId,
      waitMs: 0,
      record,
    });
    if (outcome.kind !== 'refused') return;
    store.remove(record.id);
    log.warn('a warm machine could not be made', { image: template.image, code: outcome.error.code });
  }

  async #delete(containerId: string): Promise<void> {
    const operationId = operationIdOf(containerId, randomHex(8));
    await containerGateway(this.#parts.env, containerId).command({
      operationId,
      actor: SYSTEM,
      requestId: operationId,
      waitMs: 0,
      command: 'delete',
      parameters: {},
    });
  }
}
