/** A default identity and default request facts. Tests, comparisons and explanations add to them. */
import type { Identity } from '../../core/identity/identity.ts';
import type { ConditionFacts } from '../../core/policy/conditions.ts';

export const sampleIdentity: Identity = {
  kind: 'bearer',
  userId: 'anyone',
  roles: [],
  groups: [],
  alias: null,
  fullName: null,
  sessionId: 'a-session',
  keyId: null,
  tokenId: null,
  issuedAtMs: null,
  authenticatedAtMs: null,
  claims: {},
  source: 'authApi',
  acceptedBy: 'authApi',
  expireAtMs: Number.POSITIVE_INFINITY,
};

/** Meets nothing by itself, not even by its kind. Rules see only what is added to it. */
export const blank: Identity = { ...sampleIdentity, kind: '' as Identity['kind'], userId: '', sessionId: null };

export const noFacts: ConditionFacts = {
  request: { method: 'GET', host: '', authority: '', path: '/', unmerged: null, query: '', ambiguities: 0 },
  pattern: { host: null, path: '/', segments: [], params: [] },
  ignoresCase: false,
  rawHeaders: [],
  address: null,
  identity: null,
  trusted: true,
  nowMs: null,
};
