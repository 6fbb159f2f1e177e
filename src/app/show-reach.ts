/** What a role, or an identity of the tests, can reach by a configuration: for the command and for the admin port. */
import type { ReachQuestion } from '../admin/reach.ts';
import type { Config } from '../config/config.ts';
import { didYouMean } from '../config/nearest-name.ts';
import { kindsOf } from '../core/credential/credential.ts';
import type { Identity } from '../core/identity/identity.ts';
import { roleInScope, scopedRole } from '../core/identity/scoped-role.ts';
import { heldRoles } from '../core/policy/map-roles.ts';
import { authenticationsOf } from '../policy-model/authentications.ts';
import { sampleIdentity } from '../policy-model/samples/sample-identity.ts';
import { describeReach, heldScope, type ReachedRoute } from '../policy-tools/reach/describe-reach.ts';
import type { Caller } from '../policy-tools/reach/find-reach.ts';

/** Plain data without secrets. */
export interface Reach {
  /** As asked. */
  readonly who: ReachQuestion;
  readonly routes: readonly ReachedRoute[];
  /** Routes of the configuration. */
  readonly of: number;
  /** A possible mistake in the question; absent: none. */
  readonly note?: string;
}

export function showReach(config: Config, who: ReachQuestion): Reach | { readonly detail: string } {
  const selection = 'role' in who ? withRole(config, who.role) : identityNamed(config, who.as);
  if ('detail' in selection) return selection;
  const { callers, note } = selection;
  const reach = describeReach(config.routes, callers, kindsOf(config.credentials));
  return { who, ...reach, ...(note === null ? {} : { note }) };
}

type Selection = { readonly callers: readonly Caller[]; readonly note: string | null };

function identityNamed(config: Config, name: string): Selection | { readonly detail: string } {
  const { identities } = config.tests;
  const identity = identities.get(name);
  if (identity !== undefined) {
    const authentications = authenticationsOf(config).filter(({ kind }) => kind === identity.kind);
    return { callers: [{ identity: derived(config, identity), known: 'all', authentications }], note: null };
  }
  const hint = didYouMean(name, identities.keys()) ?? 'identities are under "tests.identities"';
  return { detail: `there is no identity "${name}": ${hint}` };
}

/** A role with a scope is found by its form (`{tenant}:editor`) and by its name. */
function withRole(config: Config, role: string): Selection {
  const known = [...config.roles.keys()];
  const form = known.find((one) => one === role) ?? known.find((one) => nameOf(one) === role);
  const scoped = scopedRole(form ?? role);
  const callerRole = scoped === null ? role : roleInScope(scoped, heldScope);
  // A source may return roles that no rule uses, so this is not an error.
  const hint = form === undefined ? didYouMean(role, known) : null;
  const note = form === undefined ? `no role "${role}" is declared${hint === null ? '' : `; ${hint}`}` : null;
  return { callers: callersWith(config, callerRole === null ? [] : [callerRole]), note };
}

/** Kinds of credential and sources differ in the roles that follow from the same ones: one caller for each such set. */
function callersWith(config: Config, roles: readonly string[]): readonly Caller[] {
  const authentications = authenticationsOf(config);
  if (authentications.length === 0)
    return [{ identity: { ...sampleIdentity, roles }, known: 'roles', authentications }];
  const callers = authentications.map((by) => {
    const { kind, acceptedBy, users } = by;
    return { by, identity: derived(config, { ...sampleIdentity, kind, acceptedBy, source: users.source, roles }) };
  });
  return [...Map.groupBy(callers, ({ identity }) => JSON.stringify(identity.roles)).values()].map(
    (alike): Caller => ({
      identity: alike[0]!.identity,
      known: 'roles',
      authentications: alike.map(({ by }) => by),
    }),
  );
}

/** Of `{tenant}:editor`: `editor`. */
function nameOf(form: string): string {
  return form.replace(/\{[\w*]+\}/, '').replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}

function derived({ roleMapping }: Config, identity: Identity): Identity {
  if (roleMapping === null) return identity;
  return { ...identity, roles: heldRoles(roleMapping, identity) };
}
