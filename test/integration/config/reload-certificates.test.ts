/** A running gateway follows its certificate and key, also while only one of them is new. Their names are not patterns. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReloader, type Reloader } from '../../../src/app/reload.ts';
import type { Config } from '../../../src/config/config.ts';
import { loadRecorded } from '../../../src/config/load-config.ts';
import { createAuthority } from '../../support/certificates.ts';
import { type ConfigFolder, createConfigFolder } from '../../support/config-folder.ts';

const text = `version: 1
server: { listen: false }
authApi: { url: "http://auth:8081" }
authorizer: { grpc: { listen: ":8071", tls: { certificates: [{ cert: "cert[1].pem", key: "key[1].pem" }] } } }
routes: []
`;

let folder: ConfigFolder;
let reloader: Reloader | null = null;
beforeEach(() => {
  folder = createConfigFolder();
});
afterEach(() => {
  reloader?.close();
  folder.remove();
});

test('a renewed certificate applies once its key is present', async () => {
  const authority = createAuthority();
  const issue = () => authority.issue({ hosts: ['rolegate'] });
  const [first, second] = [issue(), issue()];
  const put = ({ cert, key }: Partial<typeof first>) => {
    if (cert !== undefined) folder.write('cert[1].pem', cert);
    if (key !== undefined) folder.write('key[1].pem', key);
  };
  put(first);
  const file = folder.write('gateway.yaml', text);
  const { result, watched } = loadRecorded(file, {});
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  let inUse: Config = result.config;
  let problems: readonly string[] = [];
  const events = {
    apply(config: Config) {
      inUse = config;
      problems = [];
    },
    refused(found: readonly { message: string }[]) {
      problems = found.map(({ message }) => message);
    },
  };
  reloader = createReloader(file, events, 20, {}, watched);
  const cert = () => inUse.authorizer?.grpc?.tls?.certificates[0]?.cert;
  expect(cert()).toBe(first.cert);
  put({ cert: second.cert });
  await vi.waitFor(() => expect(problems).toEqual(['this is not the key of "cert"']), 10_000);
  expect(cert()).toBe(first.cert);
  put({ key: second.key });
  await vi.waitFor(() => expect(cert()).toBe(second.cert), 10_000);
  expect(problems).toEqual([]);
});
