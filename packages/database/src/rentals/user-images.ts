import type { LedgerTransaction } from '@control-plane/ledger';
import { and, count, desc, eq, sql } from 'drizzle-orm';
import type { Database } from '../client.ts';
import type { ImageRow } from '../images.ts';
import { ledgerRefusal } from '../ledger/ledger-refusal.ts';
import { ledgerStatement } from '../ledger/ledger-statement.ts';
import { images, userImages } from '../schema.ts';

/** A purchase that was made before; null when the user has not bought the image. */
export async function findPurchase(
  database: Database,
  userId: string,
  imageId: string,
): Promise<{ readonly paidCents: number } | null> {
  const [row] = await database
    .select({ paidCents: userImages.paidCents })
    .from(userImages)
    .where(and(eq(userImages.userId, userId), eq(userImages.imageId, imageId)));
  return row ?? null;
}

export type PurchaseOutcome = 'bought' | 'owned' | 'insufficient_balance';

/** Pays for an image and gives it to the user: both or nothing, and only once. */
export async function purchaseImage(
  database: Database,
  purchase: typeof userImages.$inferInsert,
  payment: LedgerTransaction,
): Promise<PurchaseOutcome> {
  try {
    const [bought] = await database.batch([
      database
        .insert(userImages)
        .values(purchase)
        .onConflictDoNothing()
        .returning({ imageId: userImages.imageId }),
      ledgerStatement(database, payment, sql`changes() > 0`),
    ]);
    return bought.length === 1 ? 'bought' : 'owned';
  } catch (error) {
    if (ledgerRefusal(error) === 'INSUFFICIENT_BALANCE') return 'insufficient_balance';
    throw error;
  }
}

/** The images that a user has bought, the newest first (or last), one page of them, and how many in all. */
export async function listUserImages(
  database: Database,
  userId: string,
  page: { readonly page: number; readonly limit: number; readonly sortOrder: 'asc' | 'desc' },
): Promise<{ rows: ImageRow[]; total: number }> {
  const where = eq(userImages.userId, userId);
  const [rows, totals] = await database.batch([
    database
      .select({ image: images })
      .from(userImages)
      .innerJoin(images, eq(images.id, userImages.imageId))
      .where(where)
      .orderBy(
        page.sortOrder === 'asc' ? userImages.createdAt : desc(userImages.createdAt),
        userImages.imageId,
      )
      .limit(page.limit)
      .offset((page.page - 1) * page.limit),
    database.select({ total: count() }).from(userImages).where(where),
  ]);
  return { rows: rows.map(({ image }) => image), total: totals[0]?.total ?? 0 };
}

/** Whether a user may make containers of an image of that name on a server: it is free there, or bought. */
export async function mayUseImage(
  database: Database,
  userId: string,
  image: Pick<ImageRow, 'id' | 'priceCents'>,
): Promise<boolean> {
  return image.priceCents === 0 || (await findPurchase(database, userId, image.id)) !== null;
}

/** Sets what an image costs, in cents; 0 makes it free. False when there is no such image. */
export async function setImagePrice(
  database: Database,
  imageName: string,
  priceCents: number,
  now: number,
): Promise<boolean> {
  const rows = await database
    .update(images)
    .set({ priceCents, updatedAt: now })
    .where(eq(images.name, imageName))
    .returning({ id: images.id });
  return rows.length > 0;
}
