/** The OpenAPI document of the admin port is valid, served, and has exactly the existing operations and refusals. */
import { readFileSync } from 'node:fs';
import { validate } from '@hyperjump/json-schema/openapi-3-1';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../../support/running-gateway.ts';

type Content = { readonly schema: { readonly properties: { readonly code: { readonly enum: string[] } } } };
type Operation = {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, Content>> }>>;
  readonly requestBody?: { readonly content: object };
};
type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

const token = 'operators-0123456789abcdef0123456789';
const viewer = 'viewer-0123456789abcdef0123456789abc';

test('it is valid', async () => {
  const document = JSON.parse(readFileSync('docs/reference/admin.openapi.json', 'utf8')) as Document;
  const result = await validate('https://spec.openapis.org/oas/3.1/schema-base', document as never, 'BASIC');
  expect(result.valid ? [] : result.errors).toEqual([]);
  const ids = Object.values(document.paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

test('a running gateway serves it, and its responses match the description', async () => {
  const gateway = await startGateway(`version: 1
server:
  listen: "127.0.0.1:0"
  admin: "127.0.0.1:0"
  adminToken: ${token}
  adminTokens: { viewer: { token: ${viewer}, scope: read } }
authApi: { url: "http://127.0.0.1:9" }
routes: []
`);
  onTestFinished(gateway.close);
  const authorization = `Bearer ${viewer}`;
  const served = await fetch(`${gateway.admin}/openapi.json`, { headers: { authorization } });
  const { paths } = (await served.json()) as Document;
  const index = await (await fetch(gateway.admin)).text();
  const listed = index
    .split('\n')
    .slice(2, -1)
    .map((line) => line.replace('POST ', ''));
  expect(Object.keys(paths).sort()).toEqual(['/', ...listed].sort());
  let requests = 0;
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, { security, responses, requestBody }] of Object.entries(item)) {
      const type = Object.keys(requestBody?.content ?? {})[0];
      for (const held of [null, viewer, 'wrong', token]) {
        if (held === token && path === '/reload') continue;
        const response = await fetch(gateway.admin + path.replace('{id}', 'unknown'), {
          method: method.toUpperCase(),
          headers: {
            ...(held === null ? {} : { authorization: `Bearer ${held}` }),
            ...(type === undefined ? {} : { 'content-type': type }),
          },
          ...(type === undefined ? {} : { body: '{}' }),
        });
        const shown = await response.text();
        const where = `${method} ${path} with ${held}: ${response.status} ${shown.slice(0, 200)}`;
        // Refused event tokens of issuers have a different body.
        const ownBody = ['/backchannel-logout', '/security-events'].includes(path);
        expect(Object.keys(responses), where).toContain(String(response.status));
        const { code } = response.status >= 400 && !ownBody ? (JSON.parse(shown) as { code: string }) : { code: '' };
        const problem = responses[response.status]?.content['application/problem+json'];
        if (code !== '') expect(problem?.schema.properties.code.enum, where).toContain(code);
        if (security.length > 0 && held === null) expect(response.status, where).toBe(401);
        requests += 1;
      }
    }
  }
  expect(requests).toBeGreaterThan(40);
});
