/** What the operations of the admin port have in common: their callers, and how an invalid input is refused. */
import type { AdminScope, AdminToken } from '../config/config.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { type Operation as AnyOperation, type CredentialRule, operationsOf } from '../operations/operation.ts';
import { Refusal } from '../operations/refusal.ts';
import { Reply, type ReplyOptions } from '../operations/responses.ts';
import { findToken, includesScope } from './check-caller.ts';

export interface AdminServices {
  /** Admin tokens, read for each request; empty: anyone may read, and nothing can be changed. */
  tokens(): readonly AdminToken[];
}

export type Operation = AnyOperation<AdminServices, ReasonCode>;

export interface AdminCaller {
  /** Whether it has a token with the scope `read`; always false without a configured token. */
  readonly mayRead: boolean;
  /** Name of its token; null: none. */
  readonly by: string | null;
}

type Access = CredentialRule<AdminServices, ReasonCode, AdminCaller>;

/** Needs no token: probes have none. */
export const open: Access = {
  kind: 'open',
  refusals: [],
  identify(rawHeaders, { tokens }) {
    const token = findToken(rawHeaders, tokens());
    return typeof token === 'string'
      ? { mayRead: false, by: null }
      : { mayRead: includesScope(token.scope, 'read'), by: token.name };
  },
};

/** Needs no token either, because the response depends on the signature of the body. */
export const signed: Access = { ...open, kind: 'signed' };

/** Needs a token with the scope. `always`: even without a configured token, because it shows users, or uses a credential. */
export function withToken(scope: AdminScope, always: 'always' | null = null): Access {
  const isClosed = scope === 'write' || always === 'always';
  return {
    kind: scope,
    refusals: [
      ...(['credential_missing', 'credential_rejected', 'admin_scope_missing'] as const),
      ...(isClosed ? (['changes_disabled'] as const) : []),
    ],
    identify(rawHeaders, services) {
      const tokens = services.tokens();
      if (tokens.length === 0) return isClosed ? new Refusal('changes_disabled') : { mayRead: false, by: null };
      const token = findToken(rawHeaders, tokens);
      if (typeof token === 'string') return new Refusal(token);
      if (!includesScope(token.scope, scope)) return new Refusal('admin_scope_missing');
      return { mayRead: includesScope(token.scope, 'read'), by: token.name };
    },
  };
}

/** For the log, of an operation that changes something. */
export const byCaller = ({ caller }: { readonly caller: AdminCaller }) => ({ by: caller.by });

const notAnObject = 'the body is not a JSON object in UTF-8';

/** Browser forms and simple requests cannot have the type JSON. */
export const defineOperation = operationsOf<AdminServices, ReasonCode>({
  base: '',
  contentType: { usual: 'application/json', refusal: 'content_type_unsupported' },
  invalid(part, issues) {
    const issue = issues?.find(({ code }) => code === 'unrecognized_keys') ?? issues?.[0];
    return invalidQuestion(issue?.message ?? (part === 'body' ? notAnObject : 'a parameter is given twice'));
  },
});

/** `detail`: its fault, in words that repeat nothing of it. */
export function invalidQuestion(detail: string): Refusal<'question_invalid'> {
  return new Refusal('question_invalid', { members: { detail } });
}

export function json(value: unknown, options: ReplyOptions = {}): Reply<string> {
  return new Reply(`${JSON.stringify(value)}\n`, options);
}
