/** The OpenAPI 3.1 description of the Auth API, generated from its operations and the schemas that validate requests. */
import { type ApiDocument, createDocument } from '../operations/openapi/create-document.ts';
import { commonCodes } from '../operations/refusal.ts';
import { acknowledgement, verification } from './operations/fields.ts';
import { openedSession } from './operations/open-session.ts';
import { basePath, type Operation } from './operations/operation.ts';
import { type RefusalCode, refusalKinds, refusalTable } from './outcome/refusals.ts';
import type { Services } from './services.ts';

const overview = `Sessions, API key pairs, e-mail addresses and users.

A client proves an e-mail address by a code of six digits that is sent to it. A session gives a bearer for
\`Authorization: Bearer\`; within a session a client may make key pairs for \`api-key\` and \`api-secret\`.

GET responds with 200; POST, PUT and DELETE with 202. Every other status carries \`x-error\`, \`x-error-id\` and a problem
(RFC 9457). HEAD is GET without a body. An empty body is accepted with or without \`Content-Type\`. Fields that are not
described are ignored in requests, and may be added to responses. Times are Unix seconds.`;

export function createDescription(operations: readonly Operation[]): ApiDocument {
  return createDocument<Services, RefusalCode>(operations, {
    info: { title: 'Auth API', version: '2.0.0', description: overview },
    servers: [{ url: basePath, description: 'Below the origin that serves this description' }],
    table: refusalTable,
    codes: Object.keys(refusalKinds) as RefusalCode[],
    generalRefusals,
    refusalsOf,
    securityOf: ({ credential }) => securityOf(credential.kind),
    securitySchemes,
    tagOf,
    sharedSchemas: [
      [acknowledgement, 'Acknowledgement'],
      [verification, 'Verification'],
      [openedSession, 'OpenedSession'],
    ],
    problemMembers: {
      invalid: {
        type: 'array',
        items: { type: 'string' },
        description: 'Names of parameters that are missing or not valid',
      },
    },
  });
}

/** Refusals that any request may get before an operation is found or after it failed. */
export const generalRefusals: readonly RefusalCode[] = [...commonCodes, 'host_invalid', 'target_invalid'];

/** Codes of the operation, without those of its credential and the general ones. The conformance suite shows each of them. */
export function ownRefusalsOf({ schemas, paths: [path], refusals = [] }: Operation): readonly RefusalCode[] {
  const { params, query, body } = schemas;
  const codes: RefusalCode[] = [];
  if (params !== null && path.includes('{id}')) codes.push('id_invalid');
  if (query !== null || body !== null || /\{(?!id\})/.test(path)) codes.push('parameters_invalid');
  if (body !== null) codes.push('body_malformed');
  return [...codes, ...refusals];
}

/** Codes of the operation without the general ones, each once. */
export function refusalsOf(operation: Operation): readonly RefusalCode[] {
  return [...new Set([...operation.credential.refusals, ...ownRefusalsOf(operation)])];
}

const tags = {
  session: 'Sessions',
  sessions: 'Sessions',
  keypair: 'Key pairs',
  keypairs: 'Key pairs',
  email: 'E-mail addresses',
  emails: 'E-mail addresses',
  passkey: 'Passkeys',
  passkeys: 'Passkeys',
  'recovery-codes': 'Passkeys',
  user: 'Users',
  admin: 'Administration',
} as const;

/** By the first segment of the path. */
export function tagOf(path: string): string {
  const [, first = ''] = path.split('/');
  return first in tags ? tags[first as keyof typeof tags] : 'Description';
}

const keyPair = { apiKey: [], apiSecret: [] };

/** Alternatives, one of which is required. A key pair is two headers together. */
function securityOf(kind: string): object[] {
  const session = { bearer: [] };
  if (kind === 'none') return [];
  if (kind === 'bearer') return [session];
  return kind === 'keypair' ? [keyPair] : [session, keyPair];
}

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'The bearer of a verified session' },
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'api-key',
    description: 'The key of a pair, together with its secret',
  },
  apiSecret: { type: 'apiKey', in: 'header', name: 'api-secret', description: 'The secret of the pair' },
};
