/** The description of the API: a valid document, complete, served as stored. */
import { validate } from '@hyperjump/json-schema/openapi-3-1';
import { describe, expect, it } from 'vitest';
import { createDescription, generalRefusals, refusalsOf } from '../../../src/auth-api/describe-api.ts';
import { allOperations } from '../../../src/auth-api/operations/all-operations.ts';
import { refusalKinds } from '../../../src/auth-api/outcome/refusals.ts';
import { startAuthApi, testSettings } from './start-auth-api.ts';

type Json = Parameters<Awaited<ReturnType<typeof validate>>>[0];

interface Described {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly security: readonly object[];
  readonly responses: Readonly<Record<string, { readonly headers?: Readonly<Record<string, unknown>> }>>;
}

function readDescription() {
  const document = JSON.parse(JSON.stringify(createDescription(allOperations)));
  const operations = Object.entries<Record<string, Described>>(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
  return { document, operations };
}

async function faultsOf(document: unknown): Promise<unknown> {
  const output = await validate('https://spec.openapis.org/oas/3.1/schema-base', document as Json, 'BASIC');
  return output.valid ? [] : output.errors;
}

describe('the document', () => {
  it('is valid by the OpenAPI 3.1 schema', async () => {
    expect(await faultsOf(readDescription().document)).toEqual([]);
  });

  it('control: an invalid document is detected', async () => {
    const { document } = readDescription();
    delete document.paths['/session'].get.responses['200'].description;
    expect(await faultsOf(document)).not.toEqual([]);
  });

  it('has no dangling references', () => {
    const { document } = readDescription();
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(100);
    for (const [, kind = '', name = ''] of references) expect(document.components[kind]).toHaveProperty(name);
    expect(references).toHaveLength([...JSON.stringify(document).matchAll(/"\$ref"/g)].length);
  });

  it('describes every operation at each of its paths, under a unique name', () => {
    const { operations } = readDescription();
    const built = allOperations.flatMap(({ method, paths }) => paths.map((path) => `${method} ${path}`));
    expect(operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(built.sort());
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  });

  it('declares the parameters of every path', () => {
    for (const { path, operation } of readDescription().operations) {
      const declared = (operation.parameters ?? []).filter((one) => one.in === 'path');
      expect(declared.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      expect(declared.every(({ required }) => required)).toBe(true);
    }
  });

  it('declares headers on every refusal, and Retry-After where a client should wait', () => {
    for (const { operation } of readDescription().operations) {
      for (const [status, { headers = {} }] of Object.entries(operation.responses)) {
        if (Number(status) < 400) continue;
        if (status === 'default') continue;
        expect(Object.keys(headers)).toEqual(expect.arrayContaining(['x-error', 'x-error-id']));
        expect('Retry-After' in headers).toBe(status === '429' || status === '503');
        expect('WWW-Authenticate' in headers).toBe(status === '401');
      }
    }
  });

  it('lists every refusal', () => {
    const named = new Set([...generalRefusals, ...allOperations.flatMap(refusalsOf)]);
    // Readiness is not an operation of the API.
    expect(Object.keys(refusalKinds).filter((code) => !named.has(code as never))).toEqual(['store_unavailable']);
  });

  it('requires both halves of a key pair together', () => {
    const { operations } = readDescription();
    const read = operations.find(({ operation }) => operation.operationId === 'readKeyPair');
    expect(read?.operation.security).toEqual([{ apiKey: [], apiSecret: [] }]);
  });
});

describe('the service', () => {
  it('serves it unchanged', async () => {
    const passkeys = {
      origin: 'https://app.example.test',
      rpId: 'app.example.test',
      name: 'Example',
      requiredForRoles: null,
    };
    const { api, port } = await startAuthApi({ settings: { ...testSettings, passkeys } });
    const answer = await fetch(`http://127.0.0.1:${port}/api/auth/v2/openapi.json`);
    const served: unknown = await answer.json();
    await api.close();
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(served).toEqual(readDescription().document);
  });
});
