/** Faults of a real installation, each with the alerts that fire and a way to undo it. */
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { adminToken, mostConnections, mostDescriptors } from '../../../bench/dashboards/gateways.ts';
import type { AlertWorld } from './alert-world.ts';

export interface Cause {
  readonly what: string;
  readonly alerts: readonly string[];
  /** Returns the way to undo it. */
  readonly make: (world: AlertWorld) => Remedy | Promise<Remedy>;
}

export interface Remedy {
  /** Repeated until the alerts fire. */
  readonly again?: () => unknown;
  readonly undo: () => unknown;
}

const nothing = () => {};

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
      what: 'an Auth API that fails',
      alerts: ['RolegateAuthApiFailing', 'RolegateBreakerOpen', 'RolegateServerErrors'],
      make: ({ authApi }) => changed(authApi, { healthy: false }),
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
        await gateway!.start('/dev/full');
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
      make: ({ gateways: [gateway] }) => held(gateway!.port, (open) => mostConnections + 20 - open),
    },
    {
      what: 'connections that exhaust the descriptors of a gateway',
      alerts: ['RolegateFileDescriptors'],
      make({ gateways: [, gateway] }) {
        const used = () => readdirSync(`/proc/${gateway!.pid()}/fd`).length;
        return held(gateway!.port, () => Math.floor(0.95 * mostDescriptors) - used());
      },
    },
  ],
  [
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
      make: ({ gateways: [, , gateway] }) => starved(workersOf(gateway!.pid())[0]!),
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

function changed<State extends object>(state: State, change: Partial<State>): Remedy {
  const before = { ...state };
  Object.assign(state, change);
  return { undo: () => void Object.assign(state, before) };
}

/** Connections that send nothing. `missing`: how many to open, given the number of open ones. */
function held(port: number, missing: (open: number) => number): Remedy {
  const open = new Set<Socket>();
  const again = () => {
    for (let count = missing(open.size); count > 0; count -= 1) {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.on('error', nothing).on('close', () => open.delete(socket));
      open.add(socket);
    }
  };
  const undo = () => {
    for (const socket of open) socket.destroy();
  };
  return { again, undo };
}

/** Lets a process run for short moments, as a container's CPU limit does: too short for its clock to be right. */
function starved(pid: number): Remedy {
  const [stoppedMs, runningMs] = [400, 60];
  let timer: NodeJS.Timeout;
  const stop = () => {
    process.kill(pid, 'SIGSTOP');
    timer = setTimeout(run, stoppedMs);
  };
  const run = () => {
    process.kill(pid, 'SIGCONT');
    timer = setTimeout(stop, runningMs);
  };
  stop();
  const undo = () => {
    clearTimeout(timer);
    process.kill(pid, 'SIGCONT');
  };
  return { undo };
}

/** Processes started by a gateway. */
function workersOf(pid: number): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      return Number(parent) === pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** Guesses of one client, more than may fail in a window. */
async function guess(port: number): Promise<void> {
  await inParts(10, (number) =>
    request(`http://127.0.0.1:${port}/orders/1`, {
      'x-forwarded-for': '203.0.113.77',
      authorization: `Bearer guess-${number}`,
    }),
  );
}

/** Requests whose log lines are as long as a client can make them. */
async function writeLongLines(port: number): Promise<void> {
  const path = 'a'.repeat(1_024);
  await inParts(40, () => request(`http://127.0.0.1:${port}/${path}`, { 'user-agent': '\xff'.repeat(256) }));
}

/** 20 at a time. */
async function inParts(parts: number, one: (number: number) => Promise<unknown>): Promise<void> {
  for (let part = 0; part < parts; part += 1)
    await Promise.all(Array.from({ length: 20 }, (_, index) => one(20 * part + index)));
}

async function request(url: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  await (await fetch(url, { headers })).arrayBuffer();
}

async function post(url: string, body: object, bearer?: string): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
  };
  await (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).arrayBuffer();
}
