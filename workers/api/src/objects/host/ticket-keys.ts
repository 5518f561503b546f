import type { TicketKey } from '@control-plane/contract/link';
import { parseSigningKeys } from '@control-plane/signing';
import type { Env } from '../../env.ts';

/** The keys that hosts verify transfer tickets by; none when this installation signs nothing. */
export async function ticketKeys(env: Pick<Env, 'SIGNING_KEYS'>): Promise<TicketKey[]> {
  const parsed = await parseSigningKeys(env.SIGNING_KEYS);
  if (!parsed.ok) return [];
  return parsed.value.keys
    .slice(0, TICKET_KEYS_MAX)
    .map(({ kid, publicHex }) => ({ kid, public_key: publicHex }));
}

/** As many as a welcome holds. */
const TICKET_KEYS_MAX = 10;
