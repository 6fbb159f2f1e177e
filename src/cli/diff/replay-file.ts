/** Reads a file of recorded decisions, line by line, and decides each of them under two configurations. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Config } from '../../config/config.ts';
import { isCredentialKind } from '../../core/credential/credential.ts';
import { claimTypes, readClaimValue, readTime } from '../../core/identity/claims.ts';
import { reasons } from '../../core/outcome/reasons.ts';
import type { RecordedRequest } from '../../policy-tools/replay/decision-record.ts';
import { Replay, type ReplayReport } from '../../policy-tools/replay/replay-decisions.ts';
import { policyOf } from '../../policy-tools/run-cases.ts';
import { CommandError } from '../exit-code.ts';

/** Longer ones are not records. */
const maxLine = 64 * 1024;

export async function replayFile(file: string, before: Config, after: Config): Promise<ReplayReport> {
  const replay = new Replay(policyOf(before), policyOf(after));
  let [readable, unreadable] = [0, 0];
  try {
    for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
      if (line === '') continue;
      const read = readLine(line);
      if (read === null) unreadable += 1;
      else readable += 1;
      // Without it, the request is one that rules cannot decide, such as a preflight.
      if (read?.decided != null && read.reads !== undefined) replay.add(read.decided, read.reads);
    }
  } catch {
    throw new CommandError(`rolegate: ${file} cannot be read`);
  }
  if (readable === 0) throw new CommandError(`rolegate: ${file} is not a file of recorded decisions`);
  return replay.report(unreadable);
}

function readLine(line: string): Pick<RecordedRequest, 'decided' | 'reads'> | null {
  if (line.length > maxLine) return null;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { decided, reads } = value as Record<string, unknown>;
  const isReadable = decided === null || (isRecord(decided) && isReads(reads));
  return isReadable ? (value as RecordedRequest) : null;
}

function isReads(reads: unknown): boolean {
  if (typeof reads !== 'object' || reads === null) return false;
  const { query, headers, client, claims = [], signIn = true } = reads as Record<string, unknown>;
  return signIn === true && isTexts(claims) && isTexts(query) && isTexts(headers) && typeof client === 'boolean';
}

/** Checks the parts that a decision needs. */
function isRecord(decided: unknown): boolean {
  if (typeof decided !== 'object' || decided === null) return false;
  const { at, method, host, path, query, headers, client, credential, verdict, identity, outcome } = decided as Record<
    string,
    unknown
  >;
  return (
    [at, method, host, path].every((value) => typeof value === 'string') &&
    (query === undefined || typeof query === 'string') &&
    (headers === undefined || isTexts(headers)) &&
    (client === undefined || isTextOrNull(client)) &&
    (credential === null || isCredentialKind(credential) || isReason(credential)) &&
    (verdict === null || verdict === 'accepted' || isReason(verdict)) &&
    (identity === null || isIdentity(identity)) &&
    (outcome === 'allow' || outcome === 'refuse')
  );
}

function isIdentity(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const {
    kind,
    userId,
    identitySource = '',
    roles,
    groups,
    claims = {},
    authenticatedAtMs = 0,
  } = value as Record<string, unknown>;
  if (typeof authenticatedAtMs !== 'number' || readTime(Math.floor(authenticatedAtMs / 1000)) === null) return false;
  return (
    isClaims(claims) &&
    isCredentialKind(kind) &&
    [userId, identitySource].every((text) => typeof text === 'string') &&
    isTexts(roles) &&
    isTexts(groups)
  );
}

function isClaims(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    (one) => one === null || claimTypes.some((type) => readClaimValue(one, type) !== null),
  );
}

function isReason(value: unknown): boolean {
  return typeof value === 'string' && Object.hasOwn(reasons, value);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}
