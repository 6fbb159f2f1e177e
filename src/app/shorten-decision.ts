/** Shortens a decision record that is too long for Redis, so that other replicas know what happened, if not every detail of it. */
import type { RecordedIdentity, RecordedRequest } from '../policy-tools/replay/decision-record.ts';
import type { KeptDecision } from '../telemetry/records/recent-decisions.ts';

/** Names that stay of a list, and characters that stay of a text. */
const maxNames = 10;
const maxName = 64;
const maxText = 128;

/** Without what rules would decide on: with some of the roles only, they would decide otherwise. */
export function shortenDecision(kept: KeptDecision): KeptDecision {
  const { request, secure, config, decided } = JSON.parse(kept.text) as RecordedRequest;
  const identity = decided?.identity ?? null;
  const short: RecordedRequest = {
    request: Object.fromEntries(Object.entries(request).map(([name, value]) => [name, shortValue(value)])),
    secure,
    config,
    decided: null,
    shortened: { identity: identity === null ? null : shortIdentity(identity) },
  };
  return { ...kept, text: JSON.stringify(short) };
}

function shortIdentity(identity: RecordedIdentity): RecordedIdentity {
  const { kind, userId, identitySource, roles, groups, sessionId, keyId } = identity;
  return { kind, userId, identitySource, roles: firstOf(roles), groups: firstOf(groups), sessionId, keyId };
}

function firstOf(names: readonly string[]): readonly string[] {
  return names.slice(0, maxNames).map((name) => cut(name, maxName));
}

/** Of an error only what says its cause, without the stack. */
function shortValue(value: unknown): unknown {
  if (typeof value === 'string') return cut(value, maxText);
  if (typeof value !== 'object' || value === null) return value;
  const texts = Object.entries(value).filter(([name, one]) => name !== 'stack' && typeof one !== 'object');
  return Object.fromEntries(texts.map(([name, one]) => [name, shortValue(one)]));
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}...` : text;
}
