import { EnrollResponse, LINK_PATHS, type EnrollRequest } from '@control-plane/contract/link';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import { writeFileDurably } from '../durable-file.ts';
import { describeError } from '../outcome.ts';
import type { HostKey } from './host-key.ts';

/** Who this host is to the control plane, as it was told at enrolment. */
export const HostIdentity = EnrollResponse().extend({ control_url: z.url() });
export type HostIdentity = z.infer<typeof HostIdentity>;

/** Why an enrolment failed. `code` is the control plane's, or `UNREACHABLE`, or `BAD_ANSWER`. */
export type EnrollFailure = { readonly code: string; readonly message: string; readonly retry: boolean };
export type EnrollOutcome =
  | { readonly ok: true; readonly identity: HostIdentity }
  | { readonly ok: false; readonly failure: EnrollFailure };

const answerBytesMax = 64 * 1024;
const enrollTimeoutMs = 15_000;
const RefusalBody = z.object({
  code: z.string(),
  message: z.string().optional(),
  error: z.string().optional(),
});

/** The identity in the data directory; undefined: this host has not been enrolled. */
export function readIdentity(dataDir: string): HostIdentity | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(path.join(dataDir, 'identity.json'), 'utf8'));
    return HostIdentity.safeParse(content).data;
  } catch {
    return undefined;
  }
}

/** Introduces this host with its one-time join token and records who it is from now on. */
export async function enroll(request: {
  dataDir: string;
  controlUrl: string;
  joinToken: string;
  key: HostKey;
  nowMs: number;
}): Promise<EnrollOutcome> {
  const body: EnrollRequest = {
    join_token: request.joinToken,
    public_key: request.key.publicKeyHex,
    hostname: os.hostname().slice(0, 255) || 'host',
    timestamp: Math.floor(request.nowMs / 1000),
  };
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(LINK_PATHS.enroll, request.controlUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(enrollTimeoutMs),
    });
    text = (await response.text()).slice(0, answerBytesMax);
  } catch (error) {
    return failed('UNREACHABLE', `The control plane can't be reached: ${describeError(error)}`, true);
  }
  if (!response.ok) {
    const code = refusalCode(text) ?? `HTTP_${response.status}`;
    const retry = response.status >= 500 || response.status === 429 || code === 'HOST_CLOCK_SKEW';
    return failed(code, `The control plane refused the enrolment (${response.status}, ${code}).`, retry);
  }
  const answer = EnrollResponse().safeParse(answerData(text));
  if (!answer.success)
    return failed('BAD_ANSWER', 'The control plane answered the enrolment with something else.', false);
  const identity = { ...answer.data, control_url: request.controlUrl };
  writeFileDurably(path.join(request.dataDir, 'identity.json'), `${JSON.stringify(identity, null, 2)}\n`);
  return { ok: true, identity };
}

/** The stable code in a refusal's JSON body; undefined when there is none. */
export function refusalCode(text: string): string | undefined {
  return RefusalBody.safeParse(parseJson(text)).data?.code;
}

/** The answer itself, or what an envelope `{data: …}` holds. */
function answerData(text: string): unknown {
  const content = parseJson(text);
  if (typeof content === 'object' && content !== null && 'data' in content) return content.data;
  return content;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failed(code: string, message: string, retry: boolean): EnrollOutcome {
  return { ok: false, failure: { code, message, retry } };
}
