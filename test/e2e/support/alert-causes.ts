/** Faults of a real installation, each with the alerts that fire and a way to undo it. */
import { readdirSync } from 'node:fs';
import { adminToken, maxConnections, maxDescriptors } from '../../support/monitoring/gateways.ts';
import { createOpensslAuthority } from '../../support/openssl-authority.ts';
import type { AlertWorld } from './alert-world.ts';
import {
  changed,
  flooded,
  guess,
  held,
  post,
  type Remedy,
  request,
  starved,
  workersOf,
  writeCertificate,
  writeLongLines,
} from './produce-faults.ts';

export interface Cause {
  readonly what: string;
  readonly alerts: readonly string[];
  /** Returns the way to undo it. */
  readonly make: (world: AlertWorld) => Remedy | Promise<Remedy>;
}

const nothing = () => {};

/** Without stale verdicts, which would serve clients for a while. */
export const outage: Cause = {
  what: 'an Auth API that fails',
  alerts: [
    'RolegateSourceDown',
    'RolegateAuthenticationDown',
    'RolegateAuthApiFailing',
    'RolegateBreakerOpen',
    'RolegateServerErrors',
  ],
  make: ({ authApi }) => changed(authApi, { healthy: false }),
};

/** The causes of a round are produced together, because they do not interfere. */
export const rounds: readonly (readonly Cause[])[] = [
  [
    {
      what: 'a configuration that does not load',
      alerts: ['RolegateReloadRefused'],
      make({ gateways: [gateway] }) {
        gateway!.configure(() => 'version: 1\nroute: []\n');
        return { undo: () => gateway!.configure() };
      },
    },
    {
      what: 'a mail server that refuses',
      alerts: ['RolegateMailFailing'],
      async make({ mail, mailing }) {
        const remedy = changed(mail, { refuses: true });
        const user = { email: 'ann@example.test', fullName: 'Ann Example', alias: 'ann' };
        await post(`${mailing}/api/auth/v2/user`, user);
        return remedy;
      },
    },
    {
      what: 'a log on a full disk',
      alerts: ['RolegateLogFailing'],
      async make({ gateways: [, gateway] }) {
        await gateway!.stop();
        await gateway!.start({ log: '/dev/full' });
        const undo = async () => {
          await gateway!.stop();
          await gateway!.start();
        };
        return { undo };
      },
    },
    {
      what: 'a gateway with a clock that is off',
      alerts: ['RolegateClockOff'],
      async make({ gateways: [, , gateway] }) {
        await gateway!.stop();
        await gateway!.start({ aheadMs: 600_000 });
        const undo = async () => {
          await gateway!.stop();
          await gateway!.start();
        };
        return { undo };
      },
    },
    {
      what: 'one request to an application with Rolegate below a mount path',
      alerts: ['RolegateInternalErrors'],
      async make({ application }) {
        await request(`${application}/api/orders`);
        return { undo: nothing };
      },
    },
  ],
  [
    {
      what: 'a target that is down',
      alerts: ['RolegateTargetDown'],
      make: ({ orders }) => changed(orders, { healthy: false, failing: 0.3 }),
    },
    {
      what: 'a service that is slow',
      alerts: ['RolegateUpstreamQueue'],
      make: ({ search }) => changed(search, { delayMs: 6_000 }),
    },
    {
      what: 'a rule that demands a role of too few users',
      alerts: ['RolegateForbiddenAfterReload'],
      make({ gateways }) {
        for (const gateway of gateways) gateway.configure((text) => text.replace('GET: [user]', 'GET: [admin]'));
        return {
          undo() {
            for (const gateway of gateways) gateway.configure();
          },
        };
      },
    },
    {
      what: 'an Auth API that is slow',
      alerts: ['RolegateSlowDecisions'],
      make: ({ authApi }) => changed(authApi, { delayMs: 900 }),
    },
  ],
  [
    {
      what: 'a service that is down',
      alerts: ['RolegateUpstreamDown'],
      make: ({ search }) => changed(search, { healthy: false, broken: 0.2 }),
    },
    {
      what: 'more connections than a gateway accepts',
      alerts: ['RolegateConnectionsRefused'],
      make: ({ gateways: [gateway] }) => held(gateway!.port, (open) => maxConnections + 20 - open),
    },
    {
      what: 'a certificate that expires in two days, and a revocation list that expires in an hour',
      alerts: ['RolegateCertificateRenewalLate', 'RolegateCertificateExpiresSoon', 'RolegateRevocationListExpires'],
      async make({ gateways: [, , gateway] }) {
        const { tls, remove } = writeCertificate([-88, 2]);
        const clients = createOpensslAuthority('clients');
        clients.crl(false, 3_600);
        const files = `ca: "${clients.folder}/ca.pem", crl: "${clients.folder}/crl.pem"`;
        const withClients = tls.replace(/\}$/, `, clientCertificates: { ${files} } }`);
        const restarted = async (change?: (text: string) => string) => {
          await gateway!.stop();
          gateway!.configure(change);
          await gateway!.start();
        };
        const plain = `listen: "127.0.0.1:${gateway!.port}"`;
        const secure = `{ address: "127.0.0.1:0", tls: ${withClients} }`;
        await restarted((text) =>
          text.replace(plain, `listen: [{ address: "127.0.0.1:${gateway!.port}" }, ${secure}]`),
        );
        return {
          async undo() {
            await restarted();
            remove();
            clients.close();
          },
        };
      },
    },
    {
      what: 'probes that exhaust the descriptors of a gateway',
      alerts: ['RolegateFileDescriptors'],
      make({ gateways: [, gateway] }) {
        const used = () => readdirSync(`/proc/${gateway!.pid()}/fd`).length;
        // The ports for clients and for checks leave descriptors for others.
        const probe = 'GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
        return held(gateway!.admin, () => Math.floor(0.95 * maxDescriptors) - used(), probe);
      },
    },
  ],
  [
    {
      what: 'a flood of requests for missing pages',
      alerts: ['RolegateCpuSaturated'],
      make: ({ gateways: [gateway] }) => flooded(gateway!.port),
    },
    {
      what: 'a client that guesses',
      alerts: ['RolegateAuthenticationThrottled'],
      make: ({ gateways: [gateway] }) => ({ again: () => guess(gateway!.port), undo: nothing }),
    },
    {
      what: 'a service that responds twice',
      alerts: ['RolegateUnrequestedResponses'],
      make: ({ orders }) => changed(orders, { repeated: 0.2 }),
    },
    {
      what: 'a service that breaks off responses',
      alerts: ['RolegateResponsesCut'],
      make: ({ search }) => changed(search, { cut: 0.4 }),
    },
    {
      what: 'workers that die',
      alerts: ['RolegateWorkersRestart'],
      make({ gateways: [, , gateway] }) {
        const killed = new Set<number>();
        const again = () => {
          const worker = workersOf(gateway!.pid()).find((pid) => !killed.has(pid));
          // A gateway whose worker ends six times in a row gives up.
          if (worker === undefined || killed.size === 4) return;
          killed.add(worker);
          process.kill(worker, 'SIGKILL');
        };
        return { again, undo: nothing };
      },
    },
    {
      what: 'a Redis that has lost its data',
      alerts: ['RolegateRevocationsLost'],
      async make({ stopRedis, startRedis }) {
        await stopRedis();
        await startRedis();
        return { undo: nothing };
      },
    },
  ],
  [
    {
      what: 'a Redis that is down, while access is revoked',
      alerts: ['RolegateRedisFailing', 'RolegateRevocationsDisconnected', 'RolegateRevocationsUndelivered'],
      async make({ gateways: [gateway], stopRedis, startRedis }) {
        await stopRedis();
        const again = () => post(`http://127.0.0.1:${gateway!.admin}/revocations`, { userID: 'a-user' }, adminToken);
        return { again, undo: startRedis };
      },
    },
    {
      what: 'a gateway that is paused',
      alerts: ['RolegateReplicaDown'],
      make({ gateways: [, gateway] }) {
        process.kill(gateway!.pid(), 'SIGSTOP');
        return { undo: () => process.kill(gateway!.pid(), 'SIGCONT') };
      },
    },
  ],
  [
    {
      what: 'a gateway with a different secret than its Auth API',
      alerts: ['RolegateForwardedIgnored'],
      make({ gateways: [gateway], mailing }) {
        const other = `authApi: { url: "${mailing}", gatewaySecret: "a-secret-that-the-auth-api-does-not-know"`;
        const route = '{ id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }';
        gateway!.configure((text) => `${text.replace(/^authApi: \{ url: "[^"]+"/m, other)}  - ${route}\n`);
        const again = () =>
          post(`http://127.0.0.1:${gateway!.port}/api/auth/v2/session`, { email: 'ann@example.test' });
        return { again, undo: () => gateway!.configure() };
      },
    },
    {
      what: 'a log without a reader',
      alerts: ['RolegateLogLinesDropped'],
      make({ gateways: [, gateway] }) {
        gateway!.readLog(false);
        return { again: () => writeLongLines(gateway!.port), undo: () => gateway!.readLog(true) };
      },
    },
    {
      what: 'a worker with little CPU time',
      alerts: ['RolegateShedding'],
      make: ({ gateways: [, , gateway] }) => starved(() => workersOf(gateway!.pid())[0]),
    },
  ],
  [
    {
      what: 'no gateway, while the Auth API and an application continue',
      alerts: ['RolegateAbsent'],
      async make({ gateways }) {
        await Promise.all(gateways.map((gateway) => gateway.stop()));
        return { undo: () => Promise.all(gateways.map((gateway) => gateway.start())) };
      },
    },
  ],
];
