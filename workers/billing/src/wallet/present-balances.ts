import type { Balances } from '@control-plane/database';
import { formatUsd } from '@control-plane/ledger';

/** AI credit: all there ever was, what of it is spent or set aside, and what is left. */
export function presentAiBalance({ aiMicros, aiHeldMicros, aiSpentMicros }: Balances): {
  ai_limit: string;
  ai_usage: string;
  ai_remaining: string;
} {
  const usage = aiHeldMicros + aiSpentMicros;
  return {
    ai_limit: formatUsd(aiMicros + usage),
    ai_usage: formatUsd(usage),
    ai_remaining: formatUsd(aiMicros),
  };
}
