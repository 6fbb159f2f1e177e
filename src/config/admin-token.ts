/** Bearers of operators on the admin port. */
import type { adminScopes } from './schema/server.ts';

/** `name`: of `adminTokens`, or `adminToken`. */
export interface AdminToken {
  readonly name: string;
  readonly token: string;
  readonly scope: AdminScope;
}

export type AdminScope = (typeof adminScopes)[number];
