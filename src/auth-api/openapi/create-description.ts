/** The OpenAPI 3.1 description of the API, generated from the operations and the schemas that validate requests. */
import { basePath, type Operation } from '../operations/operation.ts';
import type { ApiDescription } from '../services.ts';
import { describeOperation, tagOf } from './describe-operation.ts';
import { describeOtherRefusals, problemSchema, responseHeaders } from './describe-responses.ts';
import { createNamedSchemas } from './named-schemas.ts';
import { generalRefusals } from './operation-refusals.ts';

export interface DescriptionOptions {
  /** Name of the session cookie; null: sessions use no cookie. */
  readonly cookie: string | null;
}

const overview = `Sessions, API key pairs, e-mail addresses and users.

A client proves an e-mail address by a code of six digits that is sent to it. A session gives a bearer for
\`Authorization: Bearer\`; within a session a client may make key pairs for \`api-key\` and \`api-secret\`.

GET responds with 200; POST, PUT and DELETE with 202. Every other status carries \`x-error\`, \`x-error-id\` and a problem
(RFC 9457). HEAD is GET without a body. An empty body is accepted with or without \`Content-Type\`. Fields that are not
described are ignored in requests, and may be added to responses. Times are Unix seconds.`;

export function createDescription(operations: readonly Operation[], options: DescriptionOptions): ApiDescription {
  const schemas = createNamedSchemas();
  const described = operations.flatMap((operation) => describeOperation(operation, schemas, options.cookie));
  const paths: ApiDescription['paths'] = {};
  for (const { path, method, operation } of described) {
    paths[path] = { ...paths[path], [method]: operation };
  }
  const tags = [...new Set(operations.map(({ paths: [path] }) => tagOf(path)))];
  return {
    openapi: '3.1.1',
    info: { title: 'Auth API', version: '2.0.0', description: overview },
    servers: [{ url: basePath, description: 'Below the origin that serves this description' }],
    tags: tags.map((name) => ({ name })),
    paths,
    components: {
      schemas: { ...schemas.all(), Problem: problemSchema },
      responses: { OtherRefusal: describeOtherRefusals(generalRefusals) },
      headers: responseHeaders,
      securitySchemes: securitySchemes(options.cookie),
    },
  };
}

function securitySchemes(cookie: string | null): object {
  return {
    bearer: { type: 'http', scheme: 'bearer', description: 'The bearer of a verified session' },
    apiKey: {
      type: 'apiKey',
      in: 'header',
      name: 'api-key',
      description: 'The key of a pair, together with its secret',
    },
    apiSecret: { type: 'apiKey', in: 'header', name: 'api-secret', description: 'The secret of the pair' },
    ...(cookie === null
      ? {}
      : { cookie: { type: 'apiKey', in: 'cookie', name: cookie, description: 'The bearer of a web session' } }),
  };
}
