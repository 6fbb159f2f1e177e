/** One operation in OpenAPI: parameters, body, credential and every response. */
import type { Operation } from '../operations/operation.ts';
import { describeRefusals, describeSuccess } from './describe-responses.ts';
import { describeParameters, type NamedSchemas } from './named-schemas.ts';
import { refusalsOf } from './operation-refusals.ts';

export interface DescribedOperation {
  readonly path: string;
  readonly method: string;
  readonly operation: Record<string, unknown>;
}

/** One entry for each path of the operation. */
export function describeOperation(
  operation: Operation,
  schemas: NamedSchemas,
  cookie: string | null,
): DescribedOperation[] {
  const { name, summary, method, paths, schemas: own, status } = operation;
  const typeName = name.charAt(0).toUpperCase() + name.slice(1);
  const parameters = [
    ...(own.params === null ? [] : describeParameters(own.params, 'path').map((one) => ({ ...one, in: 'path' }))),
    ...(own.query === null ? [] : describeParameters(own.query, 'query').map((one) => ({ ...one, in: 'query' }))),
  ];
  const described = {
    tags: [tagOf(paths[0])],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(own.body === null ? {} : { requestBody: jsonBody(schemas.refer(own.body, `${typeName}Body`)) }),
    security: securityOf(operation.credential, cookie),
    responses: {
      ...describeSuccess(
        status,
        schemas.refer(own.response, `${typeName}Response`),
        cookie !== null && setsCookie.has(name),
      ),
      ...describeRefusals(refusalsOf(operation, cookie !== null)),
      default: { $ref: '#/components/responses/OtherRefusal' },
    },
  };
  return paths.map((path, at) => ({
    path,
    method: method.toLowerCase(),
    operation: {
      operationId: at === 0 ? name : `${name}${at + 1}`,
      summary: at === 0 ? summary : `${summary}: the same as \`${paths[0]}\``,
      ...described,
    },
  }));
}

function jsonBody(schema: object): object {
  return { required: true, content: { 'application/json': { schema } } };
}

const tags = {
  session: 'Sessions',
  sessions: 'Sessions',
  keypair: 'Key pairs',
  keypairs: 'Key pairs',
  email: 'E-mail addresses',
  emails: 'E-mail addresses',
  user: 'Users',
  admin: 'Administration',
} as const;

/** The first segment of the path. */
export function tagOf(path: string): string {
  const [, first = ''] = path.split('/');
  return first in tags ? tags[first as keyof typeof tags] : 'Description';
}

/** Operations that set the session cookie, extend it, or delete it. */
const setsCookie: ReadonlySet<string> = new Set([
  'createSession',
  'registerUser',
  'extendSession',
  'revokeSession',
  'removeSelf',
]);

const keyPair = { apiKey: [], apiSecret: [] };

/** Alternatives, one of which is required. A key pair is two headers together. */
function securityOf(credential: Operation['credential'], cookie: string | null): object[] {
  const session: object[] = cookie === null ? [{ bearer: [] }] : [{ bearer: [] }, { cookie: [] }];
  if (credential === 'none') return [];
  if (credential === 'bearer') return session;
  return credential === 'keypair' ? [keyPair] : [...session, keyPair];
}
