/**
 * A Keycloak server with one realm: the one in `KEYCLOAK_HOME`, or one that Maven gets once for all tests. It needs Java 21 or newer, and a
 * test that asks is skipped where one of them is missing.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { freePort } from './free-port.ts';
import { skipHere } from './skip-here.ts';

const version = '26.7.3';
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'rolegate/keycloak');
const admin = { username: 'operator', password: 'a password of the operator' };
export const keycloakUser = { username: 'ann', password: 'a password of ann' };
export const keycloakSecret = 'a secret of the client at Keycloak';
const realm = 'corp';

export interface Keycloak {
  readonly issuer: string;
  /** As an administrator: ends all sessions of the user, which sends logout tokens. */
  signOutUser(): Promise<void>;
  /** Sign-ins with a password, and codes that were exchanged, since the start. */
  events(): Promise<{ readonly logins: number; readonly codes: number }>;
  close(): Promise<void>;
}

/** `origin`: of the gateway. `accessTokenS`: lifetime of access tokens. Refresh tokens are for one use. */
export async function startKeycloak(origin: string, { accessTokenS = 300 } = {}): Promise<Keycloak> {
  const java = findJava() ?? skipHere('no Java 21 or newer for Keycloak (JAVA_HOME)');
  const home = findKeycloak() ?? skipHere('no Keycloak: KEYCLOAK_HOME names none, and Maven does not get one');
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-keycloak-'));
  for (const part of ['bin', 'lib', 'conf', 'providers', 'themes']) {
    // Scripts find their server beside them; what it builds is written into "lib".
    execFileSync('cp', ['-r', join(home, part), folder]);
  }
  mkdirSync(join(folder, 'data/import'), { recursive: true });
  writeFileSync(join(folder, 'data/import/corp-realm.json'), JSON.stringify(realmFor(origin, accessTokenS)));
  const [port, management] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    join(folder, 'bin/kc.sh'),
    [
      'start-dev',
      '--import-realm',
      `--http-port=${port}`,
      `--http-management-port=${management}`,
      '--http-host=127.0.0.1',
    ],
    {
      stdio: 'ignore',
      detached: true,
      env: {
        ...process.env,
        JAVA_HOME: java,
        KC_BOOTSTRAP_ADMIN_USERNAME: admin.username,
        KC_BOOTSTRAP_ADMIN_PASSWORD: admin.password,
      },
    },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  async function close() {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    const metadata = `${url}/realms/${realm}/.well-known/openid-configuration`;
    await vi.waitFor(async () => expectOk(await fetch(metadata)), { timeout: 180_000, interval: 250 });
  } catch (error) {
    await close();
    throw error;
  }

  async function asAdmin(path: string, method = 'GET'): Promise<unknown> {
    const form = { grant_type: 'password', client_id: 'admin-cli', ...admin };
    const body = new URLSearchParams(form);
    const signedIn = await fetch(`${url}/realms/master/protocol/openid-connect/token`, { method: 'POST', body });
    const { access_token: token } = (await expectOk(signedIn).json()) as { access_token: string };
    const headers = { authorization: `Bearer ${token}` };
    const text = await expectOk(await fetch(`${url}/admin/realms/${realm}${path}`, { method, headers })).text();
    return text === '' ? null : JSON.parse(text);
  }

  return {
    issuer: `${url}/realms/${realm}`,
    async signOutUser() {
      const [user] = (await asAdmin(`/users?username=${keycloakUser.username}`)) as [{ id: string }];
      await asAdmin(`/users/${user.id}/logout`, 'POST');
    },
    async events() {
      const all = (await asAdmin('/events?max=1000')) as { type: string }[];
      const count = (type: string) => all.filter((one) => one.type === type).length;
      return { logins: count('LOGIN'), codes: count('CODE_TO_TOKEN') };
    },
    close,
  };
}

function expectOk(response: Response): Response {
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  return response;
}

function realmFor(origin: string, accessTokenS: number) {
  const groups = {
    name: 'groups',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-group-membership-mapper',
    config: { 'claim.name': 'groups', 'full.path': 'false', 'id.token.claim': 'true', 'userinfo.token.claim': 'true' },
  };
  const { username, password } = keycloakUser;
  return {
    realm,
    enabled: true,
    sslRequired: 'none',
    accessTokenLifespan: accessTokenS,
    revokeRefreshToken: true,
    refreshTokenMaxReuse: 0,
    eventsEnabled: true,
    enabledEventTypes: ['LOGIN', 'CODE_TO_TOKEN', 'REFRESH_TOKEN'],
    groups: [{ name: 'staff' }],
    users: [
      {
        username,
        enabled: true,
        email: 'ann@example.test',
        emailVerified: true,
        firstName: 'Ann',
        lastName: 'Example',
        groups: ['/staff'],
        credentials: [{ type: 'password', value: password }],
      },
    ],
    clients: [
      {
        clientId: 'rolegate',
        secret: keycloakSecret,
        enabled: true,
        protocol: 'openid-connect',
        publicClient: false,
        standardFlowEnabled: true,
        redirectUris: [`${origin}/.rolegate/callback/corp`],
        protocolMappers: [groups],
        attributes: {
          'post.logout.redirect.uris': `${origin}/.rolegate/signed-out`,
          'backchannel.logout.url': `${origin}/backchannel-logout`,
          'backchannel.logout.session.required': 'true',
        },
      },
    ],
  };
}

/** The home of a Java that is new enough. */
function findJava(): string | null {
  const installed = existsSync('/usr/lib/jvm')
    ? readdirSync('/usr/lib/jvm').map((name) => join('/usr/lib/jvm', name))
    : [];
  const homes = [process.env['JAVA_HOME'] ?? [], installed].flat();
  const versionOf = (home: string) => {
    const { stderr } = spawnSync(join(home, 'bin/java'), ['-version'], { encoding: 'utf8' });
    return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
  };
  return homes.find((home) => versionOf(home) >= 21) ?? null;
}

function findKeycloak(): string | null {
  const named = process.env['KEYCLOAK_HOME'];
  if (named !== undefined) return named;
  const home = join(cache, `keycloak-${version}`);
  if (existsSync(join(home, 'bin/kc.sh'))) return home;
  mkdirSync(cache, { recursive: true });
  const artifact = `-Dartifact=org.keycloak:keycloak-quarkus-dist:${version}:zip`;
  const options = { stdio: 'ignore', timeout: 600_000 } as const;
  const got = spawnSync('mvn', ['-q', '-B', 'dependency:copy', artifact, `-DoutputDirectory=${cache}`], options);
  if (got.status !== 0) return null;
  const file = join(cache, `keycloak-quarkus-dist-${version}.zip`);
  const unpacked = spawnSync('unzip', ['-q', '-o', file, '-d', cache], options);
  rmSync(file, { force: true });
  return unpacked.status === 0 ? home : null;
}
