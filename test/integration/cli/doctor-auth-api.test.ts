/**
 * The doctor and the bundled Auth API's dependencies: databases and mail servers in every state, none of them changed,
 * and no password shown.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import { tableNames } from '../../../src/auth-api/store/migrations/schema-state.ts';
import { doctorText } from '../../../src/cli/doctor/doctor-report.ts';
import { examine } from '../../../src/cli/doctor.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';
import { createAuthority } from '../../support/certificates.ts';
import { type ConfigFolder, createConfigFolder } from '../../support/config-folder.ts';
import { freePort } from '../../support/free-port.ts';
import { certificate } from '../../support/localhost-certificate.ts';
import { type MailServerOptions, startMailServer } from '../../support/mail-server.ts';
import { type TestDatabase, usePostgres } from '../../support/postgres.ts';
import { runRolegate } from '../../support/running-command.ts';

let folder: ConfigFolder;
beforeEach(() => {
  folder = createConfigFolder();
});
afterEach(() => folder.remove());

const secret = 's'.repeat(40);
const timeoutMs = 20_000;
const silent = { info() {}, warn() {}, error() {} };

/** The text of the report on a standalone Auth API. */
async function reportOf(database: string, more = '', limitMs = timeoutMs): Promise<string> {
  const lines = [`listen: "127.0.0.1:${await freePort()}"`, `database: "${database}"`, `secret: ${secret}`, more];
  const file = folder.write('auth-api.yaml', `${lines.join('\n')}\n`);
  return doctorText(await examine(file, limitMs), { color: false, width: 600 });
}

async function openAuthApi(database: string) {
  return await createAuthApi({ settings: { ...authApiSettings, database }, log: silent });
}

async function makeTables(database: string): Promise<void> {
  await (await openAuthApi(database)).close();
}

/** A server that writes these bytes to each client, or nothing. */
async function startTalker(bytes: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    if (bytes !== '') socket.end(bytes);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('a database in a file', () => {
  const place = () => folder.write('folder-of-database', '').replace('folder-of-database', 'auth.db');
  const edit = (path: string, statement: string) => {
    const database = new DatabaseSync(path);
    database.exec(statement);
    return database;
  };

  it('that does not exist yet is accepted, and is not created', async () => {
    const path = place();
    expect(await reportOf(path)).toContain(`✓ database: the file ${path} does not exist yet`);
    expect(existsSync(path)).toBe(false);
  });

  it('of this version is accepted, also next to a running Auth API, and is not changed', async () => {
    const path = place();
    await makeTables(path);
    const hash = () => createHash('sha256').update(readFileSync(path)).digest('hex');
    const before = hash();
    expect(await reportOf(path)).toContain(`✓ database: the file ${path} has the tables of this version`);
    expect(hash()).toBe(before);
    const api = await openAuthApi(path);
    onTestFinished(() => api.close());
    expect(await reportOf(path)).toContain('has the tables of this version');
  });

  it.each([
    ['a newer version', "insert into kysely_migration values ('9999-later', '2030-01-01')", '✗', 'a newer version'],
    ['an older version', 'delete from kysely_migration', '✓', 'an older version; they are migrated at startup'],
  ])('of %s', async (_, statement, sign, found) => {
    const path = place();
    await makeTables(path);
    edit(path, statement).close();
    expect(await reportOf(path)).toContain(`${sign} database: the file ${path} has tables of ${found}`);
  });

  it('of another program', async () => {
    const path = place();
    edit(path, 'create table users (id integer)').close();
    const text = await reportOf(path);
    expect(text).toContain('has a table "users" of another program');
    expect(text).toContain('its own database');
  });

  it('that another process has locked', async () => {
    const path = place();
    await makeTables(path);
    const other = edit(path, 'begin immediate');
    onTestFinished(() => other.close());
    expect(await reportOf(path)).toContain(`! database: ${path}: another process holds the file`);
  });

  it('that is not a database', async () => {
    const path = folder.write(
      'auth.db',
      'It was a dark and stormy night, and this file is no database at all.'.repeat(20),
    );
    expect(await reportOf(path)).toContain(`✗ database: ${path} is not a SQLite database`);
    const inFolder = `${path}.folder`;
    mkdirSync(inFolder);
    expect(await reportOf(inFolder)).toContain(`✗ database: ${inFolder} is a folder`);
    expect(await reportOf(`${inFolder}/none/auth.db`)).toContain(`the folder ${inFolder}/none does not exist`);
  });

  it('that is in memory, which stores nothing', async () => {
    expect(await reportOf(':memory:')).toContain('! database: it is in memory: a restart loses all users');
  });
});

describe('a PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await usePostgres();
  }, 60_000);
  afterAll(() => database?.dispose());
  afterEach(() => database.empty());

  function urlWith(change: (url: URL) => void): string {
    const url = new URL(database.url);
    change(url);
    return url.href;
  }

  it('that is empty, or of this version', async () => {
    const empty = await reportOf(database.url);
    expect(empty).toMatch(/✓ database: PostgreSQL \d+.* responds in \d+\.\d ms/);
    expect(empty).toContain('✓ database: the schema "public" has no tables yet; they are created at startup');
    expect(empty).toMatch(/✓ database: \d+ connections are free, and Auth APIs use 0/);
    await makeTables(database.url);
    expect(await reportOf(database.url)).toContain('✓ database: the schema "public" has the tables of this version');
  });

  it('of a newer version, or of another program', async () => {
    await makeTables(database.url);
    await database.query("insert into kysely_migration values ('9999-later', '2030-01-01')");
    expect(await reportOf(database.url)).toContain('✗ database: the schema "public" has tables of a newer version');
    await database.empty();
    await database.query('create table sessions (id int)');
    expect(await reportOf(database.url)).toContain('has a table "sessions" of another program');
  });

  it.each([
    [
      'an unknown user',
      (url: URL) => Object.assign(url, { username: 'nobody', password: 'hunter2' }),
      'it refuses these credentials',
      'Correct user and password',
    ],
    [
      'an unknown database',
      (url: URL) => Object.assign(url, { pathname: '/none' }),
      'it has no such database',
      'Create the database',
    ],
    [
      'TLS that it does not support',
      (url: URL) => url.searchParams.set('sslmode', 'require'),
      'it does not speak TLS',
      'sslmode',
    ],
  ])('with %s', async (_, change, found, advice) => {
    const text = await reportOf(urlWith(change));
    expect(text).toContain(`✗ database: ${found}`);
    expect(text).toContain(advice);
    expect(text).not.toContain('hunter2');
  });

  it('whose user may not create tables, or not use them', async () => {
    const name = `plain_${process.pid}`;
    await database.query(`create role ${name} login password 'hunter2'`);
    onTestFinished(async () => {
      await database.query(`drop owned by ${name}`);
      await database.query(`drop role ${name}`);
    });
    const url = urlWith((plain) => Object.assign(plain, { username: name, password: 'hunter2' }));
    await database.query(`revoke create on schema public from public`);
    await database.query(`grant usage on schema public to ${name}`);
    expect(await reportOf(url)).toContain('✗ database: the user may not create tables in the schema "public"');
    await makeTables(database.url);
    expect(await reportOf(url)).toMatch(/✗ database: .*permission denied for table kysely_migration/);
    await database.query(`grant select on all tables in schema public to ${name}`);
    await database.query(`grant all on users to ${name}`);
    const text = await reportOf(url);
    const others = tableNames.filter((table) => table !== 'users').sort();
    expect(text).toContain(`the user may not read and write the tables ${others.join(', ')}`);
    expect(text).not.toContain('hunter2');
  });

  it('that is read-only, or has few free connections', async () => {
    const [name = ''] = new URL(database.url).pathname.split('/').slice(1);
    await database.query(`alter database ${name} connection limit 4`);
    expect(await reportOf(database.url)).toMatch(/! database: [0-4] connections are free/);
    await database.query(`alter database ${name} connection limit -1`);
    const url = urlWith(({ searchParams }) => searchParams.set('options', '-c default_transaction_read_only=on'));
    expect(await reportOf(url)).toContain('✗ database: it is read-only');
  });
});

describe('a server that is not PostgreSQL', () => {
  it('because nothing listens', async () => {
    const text = await reportOf(`postgres://ann:hunter2@127.0.0.1:${await freePort()}/rolegate`);
    expect(text).toContain('✗ database: no connection (ECONNREFUSED)');
    expect(text).toContain('correct the address under "database"');
    expect(text).not.toContain('hunter2');
  });

  it('because it is silent', async () => {
    const text = await reportOf(`postgres://127.0.0.1:${await startTalker('')}/rolegate`, '', 1_000);
    expect(text).toMatch(/✗ database: (?:no connection \(timeout\)|no result within)/);
  });

  it('because it speaks another protocol', async () => {
    const text = await reportOf(`postgres://127.0.0.1:${await startTalker('HTTP/1.1 400 Bad Request\r\n\r\n')}/x`);
    expect(text).toMatch(/✗ database: /);
  });

  it('because its host does not exist', async () => {
    const text = await reportOf('postgres://nowhere.invalid/rolegate');
    expect(text).toMatch(/✗ nowhere\.invalid: (?:does not exist|cannot be resolved)/);
    expect(text).toContain('Correct the host under "database"');
  });
});

describe('a mail server', () => {
  const known = getCACertificates('default');
  const login = { user: 'ann', password: 'open-sesame' };

  function mailTo(url: string, more = ''): Promise<string> {
    return reportOf(':memory:', `mail: { smtp: "${url}", from: "no-reply@example.test"${more} }`);
  }

  async function start(options: MailServerOptions) {
    const server = await startMailServer(options);
    onTestFinished(() => server.close());
    return server;
  }

  describe('with a trusted certificate', () => {
    beforeAll(() => setDefaultCACertificates([...known, certificate]));
    afterAll(() => setDefaultCACertificates(known));

    it.each(['starttls', 'implicit'] as const)('by %s, with a login, is accepted and gets no mail', async (tls) => {
      const server = await start({ tls, login });
      const scheme = tls === 'implicit' ? 'smtps' : 'smtp';
      const text = await mailTo(`${scheme}://ann:open-sesame@localhost:${server.port}`, ', requireTls: true');
      expect(text).toContain(`✓ mail localhost:${server.port}: accepts connections with TLS, and accepts the password`);
      expect(text).not.toContain('open-sesame');
      expect(server.mails).toEqual([]);
    });

    it('and a rejected password is reported', async () => {
      const server = await start({ tls: 'starttls', login });
      const text = await mailTo(`smtp://ann:hunter2@localhost:${server.port}`);
      expect(text).toContain('rejects the user or the password (535)');
      expect(text).not.toContain('hunter2');
    });

    it('on a port without implicit TLS is reported', async () => {
      const { port } = await start({ tls: 'starttls' });
      const text = await mailTo(`smtps://localhost:${port}`);
      expect(text).toContain('it does not start with TLS');
      expect(text).toContain('Use smtp://');
    });
  });

  it('with an untrusted certificate', async () => {
    const { port } = await start({ tls: 'starttls' });
    const text = await mailTo(`smtp://localhost:${port}`);
    expect(text).toMatch(/✗ mail .*its certificate is not trusted \(\w+\)/);
    expect(text).toContain('NODE_EXTRA_CA_CERTS');
  });

  it('without required TLS', async () => {
    const { port } = await start({ tls: 'none' });
    expect(await mailTo(`smtp://localhost:${port}`)).toContain('accepts connections without TLS');
    const text = await mailTo(`smtp://localhost:${port}`, ', requireTls: true');
    expect(text).toMatch(/✗ mail .*it does not offer TLS \(\d{3}\), which "mail" requires/);
    expect(text).toContain('Enable STARTTLS');
  });

  it('without a login, although a password is set', async () => {
    const { port } = await start({ tls: 'none' });
    const text = await mailTo(`smtp://ann:open-sesame@localhost:${port}`);
    expect(text).toContain('! mail');
    expect(text).toContain('it does not offer AUTH: mail is sent without the password');
  });

  it.each([
    ['that is down', async () => await freePort(), 'no connection (ECONNREFUSED)', 'correct the address under "mail"'],
    [
      'that speaks HTTP',
      () => startTalker('HTTP/1.1 400 Bad Request\r\n\r\n'),
      'is not a mail server',
      'port of a mail server',
    ],
    [
      'that refuses mail',
      () => startTalker('554 No SMTP service here\r\n'),
      'does not accept mail',
      'port of a mail server',
    ],
    ['that disconnects', () => startTalker('\r\n'), '✗ mail', '"mail"'],
  ])('%s', async (_, startAt, found, advice) => {
    const text = await mailTo(`smtp://127.0.0.1:${await startAt()}`);
    expect(text).toContain(found);
    expect(text).toContain(advice);
  });

  it('that is silent ends within the limit of a check', async () => {
    const port = await startTalker('');
    const mail = `mail: { smtp: "smtp://127.0.0.1:${port}", from: "no-reply@example.test" }`;
    expect(await reportOf(':memory:', mail, 1_000)).toMatch(/no response from a mail server in time|no result within/);
  });
});

describe('the report', () => {
  it('on a gateway mentions the settings of its embedded Auth API', async () => {
    const file = folder.write(
      'gateway.yaml',
      `version: 1
server: { listen: "127.0.0.1:0", admin: false }
authApi: { embedded: { database: ":memory:", secret: ${secret}, mail: { smtp: "smtp://127.0.0.1:${await freePort()}", from: "a@example.test" } } }
routes: []
`,
    );
    const text = doctorText(await examine(file, timeoutMs), { color: false, width: 400 });
    expect(text).toContain('! authApi.embedded.database: it is in memory');
    expect(text).toMatch(/✗ authApi\.embedded\.mail 127\.0\.0\.1:\d+: no connection \(ECONNREFUSED\)/);
  });

  it('omits mail where none is sent, and recognizes a running Auth API', async () => {
    const api = await openAuthApi(':memory:');
    onTestFinished(() => api.close());
    const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
    const file = folder.write(
      'auth-api.yaml',
      `listen: "127.0.0.1:${port}"\ndatabase: ":memory:"\nsecret: ${secret}\n`,
    );
    const text = doctorText(await examine(file, timeoutMs), { color: false, width: 400 });
    expect(text).not.toContain('Mail server');
    expect(text).toMatch(/✓ listen: .* is used by .*; an Auth API is running here/);
  });

  it('is printed by the command, also for the file of an Auth API, with its problems', async () => {
    const good = folder.write('auth-api.yaml', `listen: "127.0.0.1:0"\ndatabase: ":memory:"\nsecret: ${secret}\n`);
    const command = runRolegate(['doctor', '--config', good]);
    expect(await command.ended).toBe(0);
    expect(command.output()).toContain('no errors, 1 warning');
    const bad = folder.write('auth-api.yaml', 'database: ":memory:"\nsecret: hunter2\n');
    const failing = runRolegate(['doctor', '--config', bad]);
    expect(await failing.ended).toBe(1);
    expect(failing.output()).toContain(`✗ ${bad}:2`);
    expect(failing.output()).not.toContain('hunter2');
  });
});

it('an expired certificate in a file of its settings', async () => {
  const { cert, key } = createAuthority().issue({ hosts: ['auth-api'], days: [-30, -2] });
  const [certFile, keyFile] = [folder.write('own.pem', cert), folder.write('own.key', key)];
  const redis = `redis: { url: "rediss://127.0.0.1:9", tls: { cert: "${certFile}", key: "${keyFile}" } }`;
  expect(await reportOf(':memory:', redis)).toContain('✗ redis.tls.cert: CN=auth-api has expired');
});
