/** What the operations of the Auth API have in common. */
import { type Operation as AnyOperation, type OperationsOf, operationsOf } from '../../operations/operation.ts';
import { Refusal, type RefusalCode } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';

export const basePath = '/api/auth/v2';

export type Operation = AnyOperation<Services, RefusalCode>;

/** The content type of a body is not checked: some clients of this API omit it, and nothing but JSON parses. */
export const rules: OperationsOf<RefusalCode> = {
  base: basePath,
  invalid(part, issues) {
    if (issues === null && part === 'body') return new Refusal('body_malformed');
    // The first step of a path is a name in our schema, never text of the request: unknown names are dropped.
    const names = new Set(issues === null ? ['query'] : issues.map(({ path: [name = 'body'] }) => String(name)));
    // The code refers to the id only if nothing else is wrong.
    const code = part === 'params' && names.has('id') ? 'id_invalid' : 'parameters_invalid';
    return new Refusal(code, { members: { invalid: [...names].sort() } });
  },
};

export const defineOperation = operationsOf<Services, RefusalCode>(rules);
