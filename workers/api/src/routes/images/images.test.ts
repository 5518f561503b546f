import { schema, type Database } from '@control-plane/database';
import { openTemporaryDatabase, type TemporaryDatabase } from '@control-plane/database/temporary-database';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callOperation, type Caller } from '../operation-test-bed.ts';
import { getImageDetails } from './get-image-details.ts';
import { getImageIcon } from './get-image-icon.ts';
import { listPublicImages } from './list-public-images.ts';
import { listUserImages } from './list-user-images.ts';
import { colorOfName, placeholderIcon } from './placeholder-icon.ts';

const IMAGE = 'c'.repeat(24);
const caller: Caller = { userId: 'a'.repeat(24) };
let temporary: TemporaryDatabase;
let database: Database;
beforeAll(async () => {
  temporary = await openTemporaryDatabase();
  database = temporary.database;
  const times = { createdAt: 1000, updatedAt: 1000 };
  const serverId = '5'.repeat(24);
  await database
    .insert(schema.servers)
    .values({ id: serverId, name: 's', publicKey: 'f'.repeat(64), ...times });
  await database.insert(schema.images).values({
    id: IMAGE,
    name: 'debian/13',
    alias: 'debian-13',
    os: 'debian',
    release: '13',
    architecture: 'x86_64',
    serial: '7',
    sizeBytes: 42,
    priceCents: 29,
    ...times,
  });
  await database.insert(schema.serverImages).values({ serverId, imageId: IMAGE });
});
afterAll(() => temporary.dispose());

const list = (query: Record<string, string>) => callOperation(listPublicImages, database, caller, { query });

describe('public images', () => {
  it('are shown with prices in dollars and an icon to load', async () => {
    const { body } = await list({});
    expect(body).toStrictEqual({
      images: [
        {
          id: IMAGE,
          alias: 'debian-13',
          description: '',
          image_name: 'debian/13',
          architecture: 'x86_64',
          os: 'debian',
          release: '13',
          variant: null,
          size: 42,
          price: 0.29,
          added_date: '1970-01-01T00:00:01.000Z',
          average_rating: 0,
          rating_count: 0,
          icon_url: `http://api.localhost:8787/api/v1/images/${IMAGE}/icon`,
          prespawn: false,
        },
      ],
      pagination: { total: 1, page: 1, limit: 20, totalPages: 1 },
    });
  });

  it.each([
    [{ min_price: '0.29', max_price: '0.29' }, 1],
    [{ min_price: '0.295' }, 0],
    [{ max_price: '0.285' }, 0],
    [{ search: 'DEB' }, 1],
    [{ os: 'ubuntu' }, 0],
    [{ page: '2' }, 0],
  ] as [Record<string, string>, number][])('with %j are %i', async (query, shown) => {
    expect(((await list(query)).body as { images: unknown[] }).images).toHaveLength(shown);
  });

  it.each([{ min_rating: '6' }, { limit: '0' }, { sort_by: 'size' }, { min_price: 'cheap' }] as Record<
    string,
    string
  >[])('refuse the query %j', async (query) => {
    expect(await list(query)).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
  });

  it('are found by id, or are not', async () => {
    const get = (id: string) => callOperation(getImageDetails, database, caller, { params: { id } });
    expect((await get(IMAGE)).body).toMatchObject({ id: IMAGE, serial: '7' });
    expect(await get('d'.repeat(24))).toMatchObject({ status: 404, body: { code: 'RESOURCE_NOT_FOUND' } });
    expect(await get('nope')).toMatchObject({ status: 400, body: { code: 'INVALID_ID_FORMAT' } });
  });
});

it('a user has no images before there is a way to get one', async () => {
  const answer = await callOperation(listUserImages, database, caller, {});
  expect(answer.body).toStrictEqual({
    images: [],
    pagination: { total: 0, page: 1, limit: 20, totalPages: 0 },
  });
});

describe('icons', () => {
  it('are there for known and unknown images, in different colours', async () => {
    const get = (id: string) => callOperation(getImageIcon, database, caller, { params: { id } });
    const known = await get(IMAGE);
    const unknown = await get('d'.repeat(24));
    expect(known.headers.get('content-type')).toBe('image/png');
    expect([known.status, unknown.status]).toStrictEqual([200, 200]);
    expect(Buffer.from(known.body as ArrayBuffer)).not.toStrictEqual(
      Buffer.from(unknown.body as ArrayBuffer),
    );
  });

  it('are valid PNG: chunks, checksums of the data, and a full set of lines', () => {
    const png = Buffer.from(placeholderIcon([1, 2, 3]));
    expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
    const types: string[] = [];
    let data = Buffer.alloc(0);
    for (let offset = 8; offset < png.length;) {
      const length = png.readUInt32BE(offset);
      const type = png.toString('latin1', offset + 4, offset + 8);
      types.push(type);
      if (type === 'IDAT') data = png.subarray(offset + 8, offset + 8 + length);
      offset += length + 12;
    }
    expect(types).toStrictEqual(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);
    expect(inflateSync(data)).toHaveLength(64 * 9);
    expect(png.subarray(-4).toString('hex')).toBe('ae426082');
  });

  it('keep their colour', () => {
    expect(colorOfName('Debian')).toStrictEqual(colorOfName('debian'));
    expect(colorOfName('debian')).not.toStrictEqual(colorOfName('ubuntu'));
  });
});
