/**
 * The configuration and the server of `docs/guides/mcp-servers.md`, with the client of the MCP SDK and a real OpenID provider: the client knows
 * nothing but the URL of the server.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { blocksOf } from '../../support/markdown-page.ts';
import {
  type OpenidProvider,
  redirectUri,
  startOpenidProvider,
  type Tokens,
  webSecret,
} from '../../support/openid-provider.ts';
import { runCommand } from '../../support/running-command.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

const blocks = blocksOf(readFileSync('docs/guides/mcp-servers.md', 'utf8'));
const blockOf = (kind: 'yaml mcp' | 'js mcp') =>
  blocks.find(({ language, info }) => `${language} ${info}` === kind)!.text;

let provider: OpenidProvider;
let gateway: RunningGateway;
let service: ReturnType<typeof runCommand>;
let folder: string;
let url: string;

beforeAll(async () => {
  provider = await startOpenidProvider({});
  // Below the packages, so that the server finds the SDK.
  mkdirSync('node_modules/.cache/rolegate', { recursive: true });
  folder = mkdtempSync(resolve('node_modules/.cache/rolegate/mcp-'));
  const file = join(folder, 'server.mjs');
  writeFileSync(file, blockOf('js mcp'));
  const [port, listen] = [await freePort(), await freePort()];
  url = `http://127.0.0.1:${listen}/mcp`;
  service = runCommand(process.execPath, [file], { ...process.env, PORT: String(port) }, { ownGroup: true });
  const text = blockOf('yaml mcp')
    .replaceAll('https://id.example.test', provider.issuer)
    .replaceAll('https://api.example.test/mcp', url)
    .replace('http://mcp:8080', `http://127.0.0.1:${port}`)
    .replace('version: 1', `version: 1\nserver: { listen: "127.0.0.1:${listen}", admin: "127.0.0.1:0" }`);
  gateway = await startGateway(text);
  await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/mcp`));
});

afterAll(async () => {
  service?.signal('SIGTERM');
  await service?.ended;
  await gateway?.close();
  await provider?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

/** A client of one user, which signs in with the client `web` of the provider. */
function createMemory(): OAuthClientProvider & { readonly asked: readonly URL[] } {
  const asked: URL[] = [];
  let verifier = '';
  let tokens: OAuthTokens | undefined;
  return {
    asked,
    redirectUrl: redirectUri,
    clientMetadata: { redirect_uris: [redirectUri], token_endpoint_auth_method: 'client_secret_basic' },
    clientInformation: () => ({ client_id: 'web', client_secret: encodeURIComponent(webSecret) }),
    tokens: () => tokens,
    saveTokens: (issued) => {
      tokens = issued;
    },
    redirectToAuthorization: (location) => void asked.push(location),
    saveCodeVerifier: (made) => {
      verifier = made;
    },
    codeVerifier: () => verifier,
  };
}

const connect = (memory: OAuthClientProvider) => {
  const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: memory });
  const client = new Client({ name: 'agent', version: '1.0.0' });
  return { transport, client, connected: client.connect(transport) };
};

test('a client finds the provider by the URL of the server, signs in, and calls a tool as the user', async () => {
  const memory = createMemory();
  const first = connect(memory);
  await expect(first.connected).rejects.toThrow(UnauthorizedError);
  const [location] = memory.asked;
  expect(location?.origin).toBe(provider.issuer);
  expect(Object.fromEntries(location!.searchParams)).toMatchObject({ resource: url, scope: 'orders' });
  await first.transport.finishAuth(await provider.signIn(location!.href));
  const { client, connected } = connect(memory);
  await connected;
  const { content } = await client.callTool({ name: 'who-am-i' });
  expect(content).toEqual([{ type: 'text', text: 'ann' }]);
  await client.close();
});

test.each([
  [
    'no token',
    async (): Promise<Tokens | null> => null,
    401,
    /^Bearer realm="rolegate", scope="orders", resource_metadata="[^"]+\/mcp"$/,
  ],
  [
    'a token for another resource',
    async (): Promise<Tokens> => provider.codeFlow({ resource: 'https://other.example.test/mcp' }),
    401,
    /invalid_token/,
  ],
  [
    'a token without the scope',
    async (): Promise<Tokens> => provider.codeFlow({ resource: url, scope: 'openid profile' }),
    403,
    /^Bearer realm="rolegate", error="insufficient_scope", scope="orders", resource_metadata="[^"]+\/mcp"$/,
  ],
] as const)('%s does not reach the server', async (_, sign, status, challenge) => {
  const tokens = await sign();
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(tokens === null ? {} : { authorization: `Bearer ${tokens.access_token}` }),
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
  });
  expect([response.status, response.headers.get('www-authenticate')]).toEqual([
    status,
    expect.stringMatching(challenge),
  ]);
});

test('its metadata names exactly the URL of the server', async () => {
  const response = await fetch(new URL('/.well-known/oauth-protected-resource/mcp', url));
  expect(await response.json()).toEqual({
    resource: url,
    authorization_servers: [provider.issuer],
    scopes_supported: ['orders'],
    bearer_methods_supported: ['header'],
  });
});
