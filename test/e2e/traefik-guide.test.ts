/**
 * Traefik as docs/guides/behind-your-proxy.md starts it: the warnings that it logs are those that the page answers, and it serves what was
 * decided, also with `sanitizePath=false`.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../src/config/parse-config.ts';
import { checkPaths } from '../support/authorizer-checks.ts';
import { sendRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { startGateway } from '../support/running-gateway.ts';
import { requireProduct, startAskingProxy } from './support/asking-proxy.ts';
import { serveOnlyDecidedPaths } from './support/decided-paths.ts';

const page = readFileSync('docs/guides/behind-your-proxy.md', 'utf8');

/** The options of the page besides the address and the file, which the test chooses. */
const [, command = ''] = /`traefik (--entryPoints\.web\.address[^`]*)`/.exec(page) ?? [];
const options = command.split(' ').filter((option) => !/\.address=|\.filename=/.test(option));
const [, unsanitized = ''] = /`(--entryPoints\.web\.http\.sanitizePath=false)`/.exec(page) ?? [];

async function start(flags: readonly string[]) {
  const service = await startRecordingUpstream();
  onTestFinished(() => service.close());
  const written = `
version: 1
server: { listen: "127.0.0.1:0", admin: false }
authorizer: { listen: "127.0.0.1:0", dialects: ${JSON.stringify(checkPaths)} }
authApi: { url: "http://127.0.0.1:9" }
roles: { admin: {} }
upstreams: { service: { targets: ["${service.origin}"] } }
routes:
  - { id: open, match: { path: "/**" }, access: public, upstream: service }
  - { id: keys, match: { path: "/keys/**" }, access: public, upstream: service, path: { mergeSlashes: false } }
  - { id: kept, match: { path: "/kept/**" }, access: public, upstream: service, path: { encodedSlash: keep, semicolon: keep, doubleEncoding: keep } }
  - { id: admin, match: { path: "/admin/**" }, access: [admin], upstream: service }
  - { id: kept-admin, match: { path: "/kept/admin/**" }, access: [admin], upstream: service }
`;
  const gateway = await startGateway(written);
  onTestFinished(() => gateway.close());
  const read = parseConfig(written, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const proxy = await startAskingProxy('traefik', read.config, { service: service.origin, ports: gateway, flags });
  onTestFinished(() => proxy.stop());
  const get = (target: string) => sendRaw(proxy.port, `GET ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
  return { service, gateway, proxy, get };
}

/** The first words of each warning. */
const warningsIn = (log: string) =>
  [...log.matchAll(/WRN\S* (?:\S*\[\d+m)?(\S+ \S+)/g)].map(([, words]) => words).sort();

describe('traefik', () => {
  beforeAll(() => requireProduct('traefik'));

  test('started as the page shows, warns only of what the page answers', async () => {
    expect(options).toEqual(['--entryPoints.web.http.aliasHeadersStrategy=delete']);
    const { proxy, get } = await start([...options, '--log.level=WARN', '--log.noColor=true']);
    expect((await get('/open')).status).toBe(200);
    expect(warningsIn(proxy.output())).toEqual(['Traefik can']);
    expect(page).toContain('**Warning about encoded characters**, which Traefik logs in any case');
  });

  test('control: without the option of the page, it warns of aliases of names', async () => {
    const { proxy } = await start(['--log.level=WARN', '--log.noColor=true']);
    expect(warningsIn(proxy.output())).toEqual(['Traefik can', 'aliasHeadersStrategy is']);
    expect(page).toContain('**Warning "aliasHeadersStrategy is not configured":**');
  });

  test('with sanitizePath=false, the served path is the decided and the sent one, for every hostile target', async () => {
    const { service, gateway, get } = await start([...options, unsanitized]);
    await serveOnlyDecidedPaths({ service, gateway }, get);
    service.clear();
    expect((await get('/keys/a//b')).status).toBe(200);
    expect(service.last().target).toBe('/keys/a//b');
    for (const target of ['/a//b', '/a/../b', '//a', '/a/..;/b', '/a%2fb']) {
      service.clear();
      expect([target, (await get(target)).status, service.requests.length]).toEqual([target, 400, 0]);
    }
  });

  test('control: without it, a key with "//" arrives as another one', async () => {
    const { service, get } = await start(options);
    expect((await get('/keys/a//b')).status).toBe(200);
    expect(service.last().target).toBe('/keys/a/b');
  });
});
