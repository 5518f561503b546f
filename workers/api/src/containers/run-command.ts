import type { Answer } from '@control-plane/serving';
import { fail, ok, type Result } from '@control-plane/contract';
import type { ContainerRecord } from '@control-plane/lifecycle';
import type { AuthenticatedContext } from '../context.ts';
import { operationIdOf } from '../ids.ts';
import type { CommandOutcome, Invocation, OperationView } from '../objects/container/messages.ts';
import { presentOperation } from './present-operation.ts';

/** Longer than any deadline but a snapshot's: the object's deadline answers, not this. */
const WAIT_MS = 90_000;
const WAIT_MS_LONG = 11 * 60_000;
const LONG_COMMANDS = new Set(['snapshot', 'restore', 'delete-snapshot']);

/** What every call of a container's object carries: on whose behalf, under which id, how long to wait. */
export function invocation(context: AuthenticatedContext, containerId: string, command: string): Invocation {
  const { principal } = context;
  const waitMs = LONG_COMMANDS.has(command) ? WAIT_MS_LONG : WAIT_MS;
  return {
    operationId: operationIdOf(containerId, context.seedId),
    actor: { userId: principal.userId, tokenId: principal.grant?.tokenId ?? null },
    requestId: context.requestId,
    waitMs: context.respondAsync ? 0 : waitMs,
  };
}

/**
 * Turns a command's outcome into an answer: the refusal, the failure, what `succeeded` makes of it, or,
 * when the caller did not want to wait, 202 with the operation and its URL (RFC 7240 respond-async).
 */
export function answerCommand<Data>(
  context: AuthenticatedContext,
  outcome: CommandOutcome,
  succeeded: (operation: OperationView, record: ContainerRecord) => Answer<Data>,
): Result<Answer<Data>> | Response {
  if (outcome.kind === 'refused') return { ok: false, error: outcome.error };
  const { operation, record } = outcome;
  if (outcome.kind === 'pending') {
    if (context.respondAsync) return acceptedResponse(operation);
    return fail('OPERATION_TIMEOUT', 'The operation is still running; ask for its outcome', {
      data: { operation_id: operation.id, url: `/api/v1/operations/${operation.id}` },
    });
  }
  if (operation.error !== null) return { ok: false, error: operation.error };
  if (context.respondAsync) return acceptedResponse(operation);
  return ok(succeeded(operation, record));
}

/** 202 with the operation, as RFC 7240 has it. */
export function acceptedResponse(operation: OperationView): Response {
  const data = presentOperation(operation);
  return Response.json(
    { statusCode: 202, message: 'Operation accepted', data },
    { status: 202, headers: { location: data.url, 'preference-applied': 'respond-async' } },
  );
}
