/** What is measured: against which process, with which request, and with which answer it counts. */
import type { Started } from './processes.ts';

export const scenarioNames = ['upstream', 'relay', 'public', 'bearer', 'keypair', 'signed', 'cold', 'refused'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export interface Scenario {
  readonly name: ScenarioName;
  readonly what: string;
  readonly request: string;
  readonly status: number;
  readonly target: Started;
}

const headers =
  'Host: api.example.test\r\nUser-Agent: bench/1.0\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n';
const get = (path: string, credential = '') => `GET ${path} HTTP/1.1\r\n${headers}${credential}\r\n`;

/** Bearers and secrets as long as the real ones: 64 characters, keys 32. */
const bearer = `Authorization: Bearer ${'b'.repeat(64)}\r\n`;
const keyPair = `api-key: ${'k'.repeat(32)}\r\napi-secret: ${'s'.repeat(64)}\r\n`;
const newBearer = `Authorization: Bearer ${'n'.repeat(52)}{n}\r\n`;

const requests: Readonly<Record<ScenarioName, Omit<Scenario, 'name' | 'target'>>> = {
  upstream: { what: 'the upstream directly', request: get('/public/items/7'), status: 200 },
  relay: { what: 'bare node:http and undici relay', request: get('/public/items/7'), status: 200 },
  public: { what: 'gateway, public route', request: get('/public/items/7'), status: 200 },
  bearer: { what: 'gateway, bearer in memory', request: get('/private/items/7', bearer), status: 200 },
  keypair: { what: 'gateway, key pair in memory', request: get('/private/items/7', keyPair), status: 200 },
  signed: { what: 'gateway, bearer, signed identity', request: get('/private/items/7', bearer), status: 200 },
  cold: { what: 'gateway, new bearer each time', request: get('/private/items/7', newBearer), status: 200 },
  refused: { what: 'gateway, no credential', request: get('/private/items/7'), status: 401 },
};

export function scenario(name: ScenarioName, target: Started): Scenario {
  return { name, target, ...requests[name] };
}
