/**
 * Members of the log line that are mostly those of the request before on the connection: what was asked for where; and who
 * asked, by what that was settled, and which target answered. So their text is kept, in one piece, with all that it was
 * made of.
 */

import type { Decision, Stage } from '../core/decision.ts';
import type { Identity, VerdictSource } from '../core/identity/identity.ts';
import { jsonText } from './json-text.ts';

/** Longest text of a member, in UTF-16 units. */
const maxLength = { id: 128, method: 32, host: 255, target: 300 } as const;

/** What the log keeps of a connection: it lies with the connection, and goes with it. */
export interface LogMemory {
  /** Null: nothing was logged of it. */
  askedMembers: AskedMembers | null;
  callerMembers: CallerMembers | null;
  /** The requests of many clients take turns on it, so who asked is not kept. */
  readonly trusted: boolean;
}

/** Every text with the comma before. */
export interface AskedMembers {
  readonly method: string;
  readonly host: string;
  readonly text: string;
}

export interface CallerMembers {
  readonly stage: Stage;
  readonly identity: Identity | null;
  readonly source: VerdictSource;
  readonly stale: boolean;
  readonly client: string;
  readonly target: string | null;
  readonly text: string;
}

/** `memory` null: nothing is kept. */
export function askedMembers(method: string, host: string, memory: LogMemory | null): string {
  const known = memory?.askedMembers ?? null;
  if (known !== null && known.method === method && known.host === host) return known.text;
  const parts: string[] = [];
  if (method !== '') parts.push(',"method":', jsonText(method, maxLength.method));
  if (host !== '') parts.push(',"host":', jsonText(host, maxLength.host));
  const text = parts.join('');
  if (memory !== null && host.length <= maxLength.host && method.length <= maxLength.method)
    memory.askedMembers = { method, host: ownText(host), text };
  return text;
}

/** In memory of its own: cut out of the head of a request it would hold all of that. */
function ownText(host: string): string {
  return Buffer.from(host).toString();
}

/** `memory` null: nothing is kept. */
export function callerMembers(
  decision: Decision,
  client: string,
  target: string | null,
  memory: LogMemory | null,
): string {
  const { stage, identity, source } = decision;
  const stale = decision.outcome === 'allow' && decision.stale;
  const known = memory?.callerMembers ?? null;
  if (
    known !== null &&
    known.stage === stage &&
    known.identity === identity &&
    known.source === source &&
    known.stale === stale &&
    known.client === client &&
    known.target === target
  )
    return known.text;
  const parts = [',"stage":"', stage, '"'];
  if (identity !== null) {
    parts.push(',"userId":', jsonText(identity.userId, maxLength.id));
    if (identity.sessionId !== null) parts.push(',"sessionId":', jsonText(identity.sessionId, maxLength.id));
    if (identity.keyId !== null) parts.push(',"keyId":', jsonText(identity.keyId, maxLength.id));
  }
  if (source !== 'none') parts.push(',"source":"', source, '"');
  if (stale) parts.push(',"stale":true');
  parts.push(addressMembers(client, target));
  const text = parts.join('');
  if (memory?.trusted === false) memory.callerMembers = { stage, identity, source, stale, client, target, text };
  return text;
}

export function addressMembers(client: string, target: string | null): string {
  let members = '';
  if (client !== '') members += `,"client":${jsonText(client, maxLength.id)}`;
  if (target !== null) members += `,"target":${jsonText(target, maxLength.target)}`;
  return members;
}
