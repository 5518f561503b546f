/**
 * The registry of error codes that the API answers with.
 *
 * `status` is the HTTP status; `carrier` tells what stands in the body's `error` field: the code itself
 * (`wire`) or the HTTP reason phrase (`phrase`). The code is always repeated in the body's `code` field,
 * where clients that were written against an SDK look for it.
 */
interface ErrorKind {
  readonly status: number;
  readonly carrier: 'wire' | 'phrase';
}
const wire = (status: number): ErrorKind => ({ status, carrier: 'wire' });
const phrase = (status: number): ErrorKind => ({ status, carrier: 'phrase' });

export const ERRORS = {
  // Input
  VALIDATION_ERROR: phrase(400),
  INVALID_JSON: phrase(400),
  INVALID_ID_FORMAT: phrase(400),
  MISSING_REQUIRED_FIELD: phrase(400),
  INVALID_CONTAINER_NAME: phrase(400),
  INVALID_ALIAS_FORMAT: phrase(400),
  INVALID_COLOR_FORMAT: phrase(400),
  INVALID_EXPIRATION_FORMAT: phrase(400),
  EXPIRATION_IN_PAST: phrase(400),
  INVALID_QUOTA_VALUE: phrase(400),
  INVALID_PUBLIC_KEY_FORMAT: phrase(400),
  IMMUTABLE_FIELD: phrase(400),
  IMAGE_NOT_FOUND: phrase(400),
  BODY_TOO_LARGE: phrase(413),
  UNSUPPORTED_MEDIA_TYPE: phrase(415),
  OTP_REQUIRED: phrase(400),
  UNPROCESSABLE_BODY: phrase(422),
  // Device sign-in (RFC 8628 section 3.5): what `data.error` says of a poll
  authorization_pending: phrase(400),
  slow_down: phrase(400),
  access_denied: phrase(400),
  expired_token: phrase(400),
  // Identity
  MISSING_TOKEN: phrase(401),
  INVALID_TOKEN: phrase(401),
  TOKEN_EXPIRED: phrase(401),
  INVALID_CREDENTIALS: phrase(401),
  EMAIL_NOT_VERIFIED: phrase(403),
  ACCOUNT_BANNED: phrase(403),
  INSUFFICIENT_PERMISSIONS: phrase(403),
  FREE_TIER_INVITE_REQUIRED: phrase(403),
  REALM_SCOPE_REQUIRED: phrase(403),
  IP_NOT_ALLOWED: phrase(403),
  // Resources
  NOT_FOUND: phrase(404),
  METHOD_NOT_ALLOWED: phrase(405),
  RESOURCE_NOT_FOUND: phrase(404),
  CONTAINER_NOT_FOUND: phrase(404),
  TOKEN_NOT_FOUND: phrase(404),
  SNAPSHOT_NOT_FOUND: phrase(404),
  OPERATION_NOT_FOUND: phrase(404),
  DUPLICATE_ALIAS: phrase(409),
  DUPLICATE_TOKEN_ALIAS: wire(400),
  SOURCE_CONTAINER_NOT_FOUND: phrase(404),
  CONTAINER_NOT_COPIED: phrase(409),
  CONTAINER_NAME_IN_USE: phrase(409),
  SSH_PUBLIC_KEY_IN_USE: phrase(409),
  AUTH_TOKEN_LIMIT_REACHED: wire(409),
  SERVER_CONTAINER_LIMIT: phrase(400),
  PROJECT_CONTAINER_LIMIT: phrase(400),
  DEFAULT_PROJECT_PROTECTED: phrase(403),
  PROJECT_DELETION_IN_PROGRESS: phrase(409),
  // Container operations
  OPERATION_STATE_CONFLICT: phrase(400),
  /** OPERATION_STATE_CONFLICT where the contract has it as a conflict: copy, sync, KVM. */
  STATE_CONFLICT: phrase(409),
  SYNC_BASE_GONE: wire(409),
  COPY_TRANSFER_FAILED: wire(502),
  CONTAINER_OPERATION_IN_PROGRESS: wire(409),
  container_finalizing: wire(409),
  OPERATION_SUPERSEDED: wire(409),
  OPERATION_CANCELLED: wire(409),
  OPERATION_TIMEOUT: phrase(504),
  CONTAINER_HOST_COMMAND_FAILED: wire(502),
  CAPABILITY_MISSING: wire(409),
  HOST_UNAVAILABLE: wire(503),
  SNAPSHOT_OPERATION_IN_PROGRESS: wire(409),
  CONTAINER_SNAPSHOT_LIMIT: wire(400),
  SNAPSHOT_INVENTORY_UNAVAILABLE: wire(503),
  SNAPSHOT_PRESPAWN_FORBIDDEN: wire(400),
  PRESPAWN_FORBIDDEN: phrase(403),
  KVM_NOT_PERMITTED: phrase(403),
  OPERATION_NOT_PERMITTED_ON_EXPIRED: wire(403),
  CONTAINER_ACCESS_SUSPENDED: wire(403),
  RUNTIME_UNAVAILABLE: phrase(503),
  // Idempotency (draft-ietf-httpapi-idempotency-key-header)
  IDEMPOTENCY_KEY_INVALID: phrase(400),
  IDEMPOTENCY_KEY_IN_USE: wire(409),
  IDEMPOTENCY_KEY_REUSED: wire(422),
  // Money
  AMOUNT_INVALID: wire(400),
  AMOUNT_SIGNED: wire(400),
  AMOUNT_EXPONENT: wire(400),
  AMOUNT_TOO_PRECISE: wire(400),
  AMOUNT_NON_ASCII: wire(400),
  AMOUNT_CURRENCY_UNSUPPORTED: wire(400),
  AMOUNT_TOO_SMALL: wire(400),
  AMOUNT_TOO_LARGE: wire(400),
  TRANSFER_IDEMPOTENCY_KEY_REUSED: wire(409),
  TRANSFER_FEE_CHANGED: wire(409),
  TRANSACTION_NOT_INVOICEABLE: wire(400),
  // Payments and the webhooks of their providers
  PAYMENT_PROVIDER_NOT_CONFIGURED: wire(503),
  PAYMENT_PROVIDER_UNAVAILABLE: wire(503),
  PAYMENT_METHOD_LIMIT_REACHED: wire(409),
  CARD_NUMBER_FORBIDDEN: wire(400),
  BANK_BOOKING_CONFLICT: wire(409),
  WEBHOOK_SIGNATURE_MISSING: wire(400),
  WEBHOOK_SIGNATURE_INVALID: wire(401),
  WEBHOOK_TIMESTAMP_STALE: wire(401),
  WEBHOOK_BODY_INVALID: wire(400),
  WEBHOOK_BUSY: wire(503),
  // Hosts
  HOST_JOIN_TOKEN_INVALID: wire(401),
  HOST_SIGNATURE_INVALID: wire(401),
  HOST_CLOCK_SKEW: wire(401),
  HOST_NONCE_REPLAYED: wire(401),
  HOST_NOT_ENROLLED: wire(401),
  HOST_IDENTITY_IN_USE: wire(409),
  UPGRADE_REQUIRED: phrase(426),
  // Rentals and what is bought
  INVALID_DURATION: wire(400),
  NO_PRICING: wire(400),
  PRICING_INVALID: wire(500),
  SERVER_UNAVAILABLE: wire(409),
  SERVER_SHARED: wire(409),
  CHARGE_CONFIRMATION_REQUIRED: wire(409),
  SETUP_FEE_CONFIRMATION_REQUIRED: wire(409),
  CHARGE_EXCEEDS_MAX: wire(409),
  EXTENSION_ALREADY_APPLIED: wire(409),
  IDEMPOTENCY_INTENT_MISMATCH: wire(409),
  IMAGE_IS_FREE: wire(400),
  IMAGE_NOT_PURCHASED: wire(403),
  INSUFFICIENT_BALANCE: wire(400),
  // Service
  RATE_LIMIT_EXCEEDED: phrase(429),
  SIGNING_NOT_CONFIGURED: wire(503),
  SERVICE_UNAVAILABLE: phrase(503),
  INTERNAL_SERVER_ERROR: phrase(500),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** What can be wrong with an amount of money in a request. */
export const AMOUNT_ERRORS = [
  'AMOUNT_INVALID',
  'AMOUNT_SIGNED',
  'AMOUNT_EXPONENT',
  'AMOUNT_TOO_PRECISE',
  'AMOUNT_NON_ASCII',
  'AMOUNT_CURRENCY_UNSUPPORTED',
  'AMOUNT_TOO_SMALL',
  'AMOUNT_TOO_LARGE',
] as const satisfies readonly ErrorCode[];

/** HTTP reason phrases (RFC 9110 section 15) of the statuses in {@link ERRORS}. */
const REASON_PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** An expected failure as a value. `message` is for the client; `data` is machine-readable detail. */
export interface ApiError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data?: unknown;
  /** Seconds after which a retry makes sense; becomes `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

export interface ErrorBody {
  statusCode: number;
  error: string;
  code: string;
  message: string;
  data?: unknown;
}

/** Codes whose spelling on the wire differs from their name here, because one spelling has two statuses. */
const WIRE_SPELLING: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_TOKEN_ALIAS: 'DUPLICATE_ALIAS',
  UNPROCESSABLE_BODY: 'VALIDATION_ERROR',
  STATE_CONFLICT: 'OPERATION_STATE_CONFLICT',
};

/** The code of an error as clients see it. */
export function wireCode(code: ErrorCode): string {
  return WIRE_SPELLING[code] ?? code;
}

/** HTTP's own words for an error status. */
export function reasonPhrase(status: number): string {
  return REASON_PHRASES[status] ?? `HTTP ${status}`;
}

/** The HTTP status and the body (`{statusCode, error, code, message, data?}`) of an error. */
export function errorBody(error: ApiError): ErrorBody {
  const { status, carrier }: ErrorKind = ERRORS[error.code];
  const code = wireCode(error.code);
  return {
    statusCode: status,
    error: carrier === 'wire' ? code : reasonPhrase(status),
    code,
    message: error.message,
    ...(error.data === undefined ? {} : { data: error.data }),
  };
}

export type Result<T, E = ApiError> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** A success value. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** An expected failure. `data` and `retryAfterSeconds` only when given. */
export function fail(
  code: ErrorCode,
  message: string,
  detail: { data?: unknown; retryAfterSeconds?: number } = {},
): { readonly ok: false; readonly error: ApiError } {
  return { ok: false, error: { code, message, ...detail } };
}
