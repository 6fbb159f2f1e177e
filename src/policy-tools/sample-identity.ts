/** An identity that nothing is known of: what tests, comparisons and explanations add to. */
import type { Identity } from '../core/identity/identity.ts';

export const somebody: Identity = {
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
  expireAtMs: Number.POSITIVE_INFINITY,
};

/** Meets nothing by itself, its kind included: what is added to it is all that a rule can find. */
export const blank: Identity = { ...somebody, kind: '' as Identity['kind'], userId: '', sessionId: null };
