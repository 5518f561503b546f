/**
 * Transfer tickets: the control plane's word that one host may fetch one copy point from another, once.
 * A ticket is `PAYLOAD.SIGNATURE`: base64url of a JSON object, and Ed25519 in lower-case hex over the payload's
 * text with a prefix of its own, so that no other signature of the same key can pass for one.
 */
import { fromBase64Url, toBase64Url, utf8 } from './encoding.ts';
import { signEd25519, verifyEd25519, type SigningKeys, type VerificationKey } from './keys.ts';
import { accepted, refused, type Outcome } from './outcome.ts';

const TICKET_LENGTH_MAX = 4096;
const VERSION = 1;
/** A ticket is for now: none may live longer. */
export const TICKET_LIFETIME_SECONDS_MAX = 15 * 60;
/** How far the clocks of the control plane and a host may be apart. */
const CLOCK_SKEW_SECONDS_MAX = 60;

/** What a ticket allows; `expires_at` is Unix seconds. */
export interface TransferTicket {
  readonly v: typeof VERSION;
  readonly kid: string;
  /** 32 hex digits. */
  readonly ticket_id: string;
  readonly source_server_id: string;
  readonly target_server_id: string;
  /** The target host's Ed25519 key, 64 hex digits: only its holder may use the ticket. */
  readonly target_public_key: string;
  readonly source_container_id: string;
  readonly copy_point: string;
  /** The copy point that the target has already; null: it gets everything. */
  readonly base: string | null;
  readonly with_snapshots: boolean;
  readonly expires_at: number;
}

export type TicketError =
  | 'malformed_ticket'
  | 'unknown_key'
  | 'bad_signature'
  | 'expired'
  | 'lives_too_long'
  | 'other_source'
  | 'other_target';

/** Signs a ticket with the active key. */
export async function signTransferTicket(
  keys: SigningKeys,
  ticket: Omit<TransferTicket, 'v' | 'kid'>,
): Promise<string> {
  const payload = toBase64Url(utf8(JSON.stringify({ ...ticket, v: VERSION, kid: keys.activeKid })));
  return `${payload}.${await signEd25519(keys.privateKey, signedBytes(payload))}`;
}

/** Who looks at a ticket, who shows it, and when; `nowSeconds` is Unix seconds of the source's clock. */
export interface TicketExpectation {
  readonly sourceServerId: string;
  /** The key that the peer has proven to hold, 64 hex digits. */
  readonly peerPublicKey: string;
  readonly nowSeconds: number;
  /** Whether a transfer began with this ticket and is not complete: it may go on when the ticket has expired. */
  readonly isUnderWay?: (ticketId: string) => boolean;
}

/**
 * Verifies a ticket at the source. That it is used once only, and that what it names is there, is the caller's
 * to check. The signature is checked before a word of the payload counts, except for the key's id.
 */
export async function verifyTransferTicket(
  keys: readonly VerificationKey[],
  text: string,
  expected: TicketExpectation,
): Promise<Outcome<TransferTicket, TicketError>> {
  if (text.length > TICKET_LENGTH_MAX) return refused('malformed_ticket');
  const [payload = '', signature = '', ...rest] = text.split('.');
  const ticket = rest.length === 0 ? decodePayload(payload) : undefined;
  if (!isTicket(ticket)) return refused('malformed_ticket');
  const key = keys.find((candidate) => candidate.kid === ticket.kid);
  if (key === undefined) return refused('unknown_key');
  if (!(await verifyEd25519(key.publicHex, signature, signedBytes(payload)))) return refused('bad_signature');
  const remaining = ticket.expires_at - expected.nowSeconds;
  if (remaining < -CLOCK_SKEW_SECONDS_MAX && expected.isUnderWay?.(ticket.ticket_id) !== true)
    return refused('expired');
  if (remaining > TICKET_LIFETIME_SECONDS_MAX + CLOCK_SKEW_SECONDS_MAX) return refused('lives_too_long');
  if (ticket.source_server_id !== expected.sourceServerId) return refused('other_source');
  if (ticket.target_public_key !== expected.peerPublicKey) return refused('other_target');
  return accepted(ticket);
}

function signedBytes(payload: string): Uint8Array<ArrayBuffer> {
  return utf8(`transfer-ticket\n${payload}`);
}

function decodePayload(text: string): unknown {
  const bytes = fromBase64Url(text);
  if (bytes === null) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    return undefined;
  }
}

const PATTERNS: Readonly<Record<string, RegExp>> = {
  kid: /^[A-Za-z0-9._-]{1,64}$/,
  ticket_id: /^[0-9a-f]{32}$/,
  source_server_id: /^[0-9a-f]{24}$/,
  target_server_id: /^[0-9a-f]{24}$/,
  target_public_key: /^[0-9a-f]{64}$/,
  source_container_id: /^[0-9a-f]{24}$/,
  copy_point: /^copy-[0-9a-f]{24}$/,
};

function isTicket(value: unknown): value is TransferTicket {
  if (typeof value !== 'object' || value === null) return false;
  const record: Record<string, unknown> = { ...value };
  const matches = (name: string, pattern: RegExp): boolean => {
    const text = record[name];
    return typeof text === 'string' && pattern.test(text);
  };
  return (
    record['v'] === VERSION &&
    Object.entries(PATTERNS).every(([name, pattern]) => matches(name, pattern)) &&
    (record['base'] === null || matches('base', /^copy-[0-9a-f]{24}$/)) &&
    typeof record['with_snapshots'] === 'boolean' &&
    Number.isSafeInteger(record['expires_at'])
  );
}
