/** The OpenAPI 3.1 document of the admin port. */
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { type ApiDocument, createDocument } from '../operations/openapi/create-document.ts';
import { commonCodes } from '../operations/refusal.ts';
import { adminReasons } from './admin-reasons.ts';
import type { AdminServices, Operation } from './operation.ts';

/** `version`: of the program. */
export function describeAdminPort(operations: readonly Operation[], version: string): ApiDocument {
  return createDocument<AdminServices, ReasonCode>(operations, {
    info: {
      title: 'Admin port of Rolegate',
      version,
      description: 'Refusals are problem details (RFC 9457) with the headers x-error and x-error-id.',
    },
    table: adminReasons,
    codes: [...new Set([...commonCodes, ...operations.flatMap(refusalsOf)])],
    generalRefusals: commonCodes,
    refusalsOf,
    securityOf: ({ credential: { kind } }) => (kind === 'open' || kind === 'signed' ? [] : [{ token: [kind] }]),
    securitySchemes: {
      token: {
        type: 'http',
        scheme: 'bearer',
        description: 'server.adminToken, or one of server.adminTokens. Without any of them, reading needs no token.',
      },
    },
    sharedSchemas: [],
    problemMembers: {},
  });
}

/** In the order of the checks. */
export function refusalsOf({ method, credential, refusals = [] }: Operation): readonly ReasonCode[] {
  return [
    'host_invalid',
    'origin_forbidden',
    ...credential.refusals,
    ...(method === 'POST' ? (['content_type_unsupported', 'body_too_large'] as const) : []),
    ...refusals,
  ];
}
