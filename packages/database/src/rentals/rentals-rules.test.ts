/** What the database itself refuses about rentals, and how a rental's end shows in what it paid for. */
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { topUp } from '@control-plane/ledger';
import { findContainer, listContainers } from '../containers.ts';
import { postTransaction } from '../ledger/ledger-statement.ts';
import { containers, marketListings, projects, rentals, serverGrants } from '../schema.ts';
import { openTemporaryDatabase, type TemporaryDatabase } from '../temporary-database.ts';
import { addContainer, addServer, addUser, eventFor, freshId, scopeFor } from '../test-rows.ts';
import { listMeteredRentals } from './metering.ts';
import { extendRental } from './rent-server.ts';
import { listOverstayers, listRentalsDue, listRentalsHeldOut } from './rental-course.ts';
import { findRental } from './rentals.ts';
import { readServerUse } from './server-use.ts';

let temporary: TemporaryDatabase;
let server: string;
let user: string;
const id = freshId;

beforeAll(async () => {
  temporary = await openTemporaryDatabase();
});
afterAll(() => temporary.dispose());
beforeEach(async () => {
  [server, user] = [id(), id()];
  await addServer(temporary.database, server, 'ab'.repeat(32));
  await addUser(temporary.database, user);
});

const times = { createdAt: 1, updatedAt: 1 };
const list = (slots = 1) =>
  temporary.database
    .insert(marketListings)
    .values({ serverId: server, slots, pricesJson: '{"1":100}', ...times });
async function rent(userId = user, rentalId = id()): Promise<string> {
  await temporary.database.insert(rentals).values({
    id: rentalId,
    userId,
    serverId: server,
    status: 'active',
    startsAt: 0,
    endsAt: 100,
    holdDays: 7,
    rentalCents: 100,
    setupFeeCents: 0,
    meteredUntil: 0,
    ...times,
  });
  return rentalId;
}
/** What the database says to a raw statement. */
const raw = (text: string): Promise<string> =>
  temporary.database.run(sql.raw(text)).then(
    () => 'accepted',
    (error: Error) =>
      /rentals: \w+/.exec(`${error.message} ${String(error.cause)}`)?.[0] ?? String(error.cause),
  );
const refusalOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: Error) =>
      /rentals: \w+/.exec(`${error.message} ${String(error.cause)}`)?.[0] ?? String(error.cause),
  );

describe('a rental', () => {
  it('takes a place that is there, and no more than there are', async () => {
    expect(await refusalOf(rent())).toBe('rentals: SERVER_TAKEN');
    await list(2);
    await rent();
    expect(await refusalOf(rent())).toBe('rentals: HELD_ALREADY');
    const [second, third] = [id(), id()];
    await addUser(temporary.database, second);
    await addUser(temporary.database, third);
    await rent(second);
    expect(await refusalOf(rent(third))).toBe('rentals: SERVER_TAKEN');
  });

  it('that has ended frees its place, stays ended, and is kept', async () => {
    await list();
    const first = await rent();
    expect(await raw(`update rentals set status = 'ended' where id = '${first}'`)).toBe('accepted');
    await rent();
    expect(await raw(`update rentals set status = 'active' where id = '${first}'`)).toBe('rentals: ENDED');
    expect(await raw(`delete from rentals where id = '${first}'`)).toBe('rentals: KEPT');
  });

  it('has the others that are not over for neighbours, however few places there are by now', async () => {
    await list(2);
    const [mine, other] = [await rent(), id()];
    const neighbours = async () =>
      (await findRental(temporary.database, scopeFor(user), mine))?.neighbours ?? null;
    expect(await neighbours()).toBe(0);
    await addUser(temporary.database, other);
    const theirs = await rent(other);
    expect(await neighbours()).toBe(1);
    await raw(`update rentals set status = 'ended' where id = '${theirs}'`);
    expect(await neighbours()).toBe(0);
  });

  it('is not extended after its end before what was used up to then is posted', async () => {
    await list();
    const rentalId = await rent();
    const extension = { rentalId, serverId: server, userId: user, expectedEnd: 100, newEnd: 900, cents: 0 };
    const extend = () =>
      extendRental(temporary.database, { ...extension, now: 500 }, null, eventFor(user, rentalId, 500));
    const { database } = temporary;
    await database
      .update(rentals)
      .set({ meteringJson: '{}', meteredUntil: 99 })
      .where(eq(rentals.id, rentalId));
    expect(await extend()).toBe('stale');
    await database.update(rentals).set({ meteredUntil: 100 }).where(eq(rentals.id, rentalId));
    expect(await extend()).toBe('extended');
    const found = await findRental(database, scopeFor(user), rentalId);
    expect(found?.rental).toMatchObject({ endsAt: 900, meteredUntil: 500 });
  });
});

describe('an interval of usage', () => {
  const insert = (
    container: string,
    rental: string,
    from: number,
    to: number,
    more: Record<string, number> = {},
  ) => {
    const { compute = 0, memory = 0, storage = to - from, cost = 1 } = more;
    return raw(`insert into metering_intervals values ('${container}', ${from}, ${to}, '${rental}', '${id()}',
      ${compute}, ${memory}, ${storage}, ${cost}, 1)`);
  };

  it('never overlaps another of its container, and is never changed', async () => {
    await list();
    const rental = await rent();
    const [one, other] = [id(), id()];
    expect(await insert(one, rental, 100, 200)).toBe('accepted');
    expect(await insert(one, rental, 200, 300)).toBe('accepted');
    expect(await insert(other, rental, 150, 250)).toBe('accepted');
    for (const [from, to] of [
      [150, 160],
      [50, 101],
      [299, 400],
      [0, 1000],
    ] as const) {
      expect(await insert(one, rental, from, to)).toBe('rentals: INTERVAL_OVERLAPS');
    }
    expect(await raw(`update metering_intervals set cost_units = 0`)).toBe('rentals: INTERVAL_POSTED');
    expect(await raw(`delete from metering_intervals`)).toBe('rentals: INTERVAL_POSTED');
  });

  it.each([
    ['no length', 10, 10, {}],
    ['an end before its beginning', 20, 10, { storage: 0 }],
    ['more use than time', 0, 10, { compute: 11 }],
    ['a cost below nothing', 0, 10, { cost: -1 }],
  ])('with %s is refused', async (_, from, to, more) => {
    await list();
    expect(await insert(id(), await rent(), from, to, more)).toBe('rentals: INTERVAL_OVERLAPS');
  });
});

describe("a rental's end", () => {
  const FAR = 4_000_000_000_000;
  async function containerOn(grant: Partial<typeof serverGrants.$inferInsert> | null): Promise<string> {
    const [projectId, containerId] = [id(), id()];
    const { database } = temporary;
    await database
      .insert(projects)
      .values({ id: projectId, userId: user, alias: projectId, color: '#FFF', ...times });
    await addContainer(database, { id: containerId, projectId, userId: user });
    await database.run(sql`update containers set server_id = ${server} where id = ${containerId}`);
    if (grant !== null)
      await database.insert(serverGrants).values({ serverId: server, userId: user, createdAt: 1, ...grant });
    return containerId;
  }
  const look = (containerId: string) =>
    findContainer(temporary.database, scopeFor(user), containerId, 'read');
  const count = async (includeExpired: boolean) => {
    const options = { projectId: null, realmId: null, page: 1, limit: 10, includePrespawn: false };
    const order = { sortBy: 'id', sortOrder: 'asc', includeDeleting: false } as const;
    return (
      await listContainers(temporary.database, scopeFor(user), { ...options, ...order, includeExpired })
    ).total;
  };

  it.each([
    ['a grant for good', {}, null],
    ['a rental that runs', { rentalId: 'r', expiresAt: FAR }, null],
    ['a rental that has ended', { rentalId: 'r', expiresAt: 1000 }, 1000],
    ['no grant at all', null, null],
  ])('%s', async (_, grant, expiredAt) => {
    const container = await containerOn(grant);
    expect((await look(container))?.serverExpiredAt).toBe(expiredAt);
    expect(await count(false)).toBe(expiredAt === null ? 1 : 0);
    expect(await count(true)).toBe(1);
  });

  it.each([
    ['never on the market', false, null, 'open'],
    ['on the market and not rented', true, null, 'not_rented'],
    ['given for good', true, {}, 'open'],
    ['rented', true, { rentalId: 'r', expiresAt: FAR }, 'open'],
    ['rented up to now', true, { rentalId: 'r', expiresAt: 5000 }, 'expired'],
    ['not paid for', true, { rentalId: 'r', expiresAt: FAR, suspendedAt: 1 }, 'suspended'],
  ])('a server %s', async (_, isListed, grant, kind) => {
    if (isListed) await list();
    await containerOn(grant);
    expect((await readServerUse(temporary.database, user, server, 5000)).kind).toBe(kind);
  });

  it('an administrator uses every server, and nobody one that is not there', async () => {
    await list();
    const admin = id();
    await addUser(temporary.database, admin, true);
    expect((await readServerUse(temporary.database, admin, server, 1)).kind).toBe('open');
    expect((await readServerUse(temporary.database, admin, id(), 1)).kind).toBe('not_rented');
  });
});

describe('the turn of a rental', () => {
  const DAY = 86_400_000;
  const set = (rentalId: string, values: Partial<typeof rentals.$inferInsert>) =>
    temporary.database.update(rentals).set(values).where(eq(rentals.id, rentalId));
  const idsOf = async (listed: Promise<readonly { readonly id: string }[]>) =>
    (await listed).map((rental) => rental.id);

  it('is not taken by those that are only held', async () => {
    await list();
    const rentalId = await rent();
    const { database } = temporary;
    const due = () => idsOf(listRentalsDue(database, 101, 1000));
    const heldOut = (now: number) => idsOf(listRentalsHeldOut(database, now, DAY, 1000));
    expect(await due()).toContain(rentalId);
    await set(rentalId, { status: 'expired' });
    expect(await due()).not.toContain(rentalId);
    expect(await heldOut(100 + 7 * DAY - 1)).not.toContain(rentalId);
    expect(await heldOut(100 + 7 * DAY)).toContain(rentalId);
    await set(rentalId, { holdDays: 0 });
    expect(await heldOut(100 + DAY - 1)).not.toContain(rentalId);
    expect(await heldOut(100 + DAY)).toContain(rentalId);
  });

  it('to be metered is not taken by those that can not pay', async () => {
    await list(2);
    const other = id();
    await addUser(temporary.database, other);
    const [owing, running] = [await rent(), await rent(other)];
    const meteringJson = '{}';
    await set(owing, { meteringJson, status: 'expired', meteredUntil: 100, dueCents: 5 });
    await set(running, { meteringJson, endsAt: 9000, meteredUntil: 200 });
    const turns = await idsOf(listMeteredRentals(temporary.database, 1000, 1000));
    expect(turns.filter((turn) => turn === owing || turn === running)).toEqual([running, owing]);
  });

  it('that owes comes once to be told, and from then on when there is money, over or not', async () => {
    await list();
    const rentalId = await rent();
    const { database } = temporary;
    const isListed = async () => (await idsOf(listMeteredRentals(database, 1000, 1000))).includes(rentalId);
    await set(rentalId, { meteringJson: '{}', meteredUntil: 100, dueCents: 5 });
    expect(await isListed()).toBe(true);
    await set(rentalId, { suspendedAt: 1 });
    expect(await isListed()).toBe(false);
    const pay = (cents: number) =>
      postTransaction(
        database,
        topUp({ id: id(), userId: user, description: 'test', now: 1, provider: 'bank', cents }),
      );
    await pay(4);
    expect(await isListed()).toBe(false);
    await pay(1);
    expect(await isListed()).toBe(true);
    await set(rentalId, { status: 'ended' });
    expect(await isListed()).toBe(true);
    await set(rentalId, { dueCents: 0 });
    expect(await isListed()).toBe(false);
  });

  it('whose containers must stop is not taken by those that can not be stopped', async () => {
    const { database } = temporary;
    const left = new Set<string>();
    for (let count = 0; count < 3; count += 1) {
      const [projectId, containerId] = [id(), id()];
      await database
        .insert(projects)
        .values({ id: projectId, userId: user, alias: projectId, color: '#FFF', ...times });
      await addContainer(database, { id: containerId, projectId, userId: user });
      await database
        .update(containers)
        .set({ serverId: server, serverExpiredAt: 5 })
        .where(eq(containers.id, containerId));
      left.add(containerId);
    }
    const bounds = { expiredBefore: 10, unpaidBefore: 10 };
    for (let turn = 0; turn < 1000 && left.size > 0; turn += 1) {
      for (const { id: containerId } of await listOverstayers(database, bounds, 1)) left.delete(containerId);
    }
    expect([...left]).toEqual([]);
  });
});
