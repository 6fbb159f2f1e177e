/** The Auth API's client with servers that it calls; each is closed at the end of its test. */
import { onTestFinished } from 'vitest';
import type { AuthApiSourceConfig } from '../../../src/config/source-config.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type Misbehavior, startMisbehavingServer } from '../../support/misbehaving-server.ts';
import { bearer, keyPair } from '../../unit/identity/samples.ts';
import { makeClient, type TestClient } from '../../unit/identity/test-client.ts';

export function client(url: string, changes: Partial<AuthApiSourceConfig> = {}): TestClient {
  const made = makeClient(url, changes);
  onTestFinished(made.close);
  return made;
}

/** It accepts the bearer and the key pair of the samples. */
export async function fakeAuthApi(): Promise<FakeAuthApi> {
  const api = await startFakeAuthApi();
  onTestFinished(api.close);
  api.addSession(bearer().token);
  api.addKeyPair(keyPair().apiKey, keyPair().apiSecret);
  return api;
}

export async function misbehaving(behavior: Misbehavior) {
  const server = await startMisbehavingServer(behavior);
  onTestFinished(server.close);
  return server;
}

/** Values of a header in a raw list. */
export function valuesOf(raw: readonly string[], name: string): string[] {
  return raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name);
}
