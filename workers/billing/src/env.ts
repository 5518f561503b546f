import type { ServingEnv } from '@control-plane/serving';
import type { ContainerObject } from '../../api/src/objects/container/container-object.ts';
import type { HostObject } from '../../api/src/objects/host/host-object.ts';
import type { PaymentVariables } from './providers/payment-variables.ts';

/** Bindings, variables and secrets of the billing worker (wrangler.toml beside this folder). */
export interface Env extends ServingEnv, PaymentVariables {
  /** The api worker's objects: what is not paid for is stopped through them. */
  readonly CONTAINERS: DurableObjectNamespace<ContainerObject>;
  readonly HOSTS: DurableObjectNamespace<HostObject>;
  /** Fee of a transfer to AI credit in basis points, 500 when absent. */
  readonly AI_TRANSFER_FEE_BPS?: string;
  /** The least and the most that one transfer moves, in cents; 100 and 1,000,000 when absent. */
  readonly AI_TRANSFER_MIN_CENTS?: string;
  readonly AI_TRANSFER_MAX_CENTS?: string;
  /** At least 32 characters that AI gateways prove themselves with; without it none may spend. */
  readonly AI_METERING_SECRET?: string;
  /** The most that one AI call may cost, in micro-dollars; 50,000,000 when absent. */
  readonly AI_HOLD_MICROS_MAX?: string;
  /** AI calls of one user under way at once; 100 when absent. */
  readonly AI_OPEN_CALLS_MAX?: string;
  /** What a user may spend on AI within 24 hours, in micro-dollars; 1,000,000,000 when absent. */
  readonly AI_DAILY_MICROS_MAX?: string;
  /** The bonus for accounts linked to GitHub is offered while both are set: `owner/name`, and cents. */
  readonly GITHUB_BONUS_REPO?: string;
  readonly GITHUB_BONUS_CENTS?: string;
  /** Who sells, for invoices: `{"name": "…", "address": ["…"], "tax_id": "…", "email": "…"}`. */
  readonly INVOICE_SELLER?: string;
}
