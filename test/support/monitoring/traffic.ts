/** Mixed traffic with faults, so every chart of the dashboards has data to show. */
import { Agent, fetch } from 'undici';
import { adminToken } from './gateways.ts';
import type { World } from './world.ts';

/** Changes of the environment, with seconds from the start. */
const faults: readonly { readonly at: number; readonly change: (world: World) => unknown }[] = [
  { at: 50, change: ({ authApi }) => Object.assign(authApi, { delayMs: 150 }) },
  { at: 75, change: ({ authApi }) => Object.assign(authApi, { healthy: false }) },
  { at: 100, change: ({ authApi }) => Object.assign(authApi, { delayMs: 2, healthy: true }) },
  { at: 115, change: ({ orders }) => Object.assign(orders, { healthy: false, failing: 0.3 }) },
  { at: 125, change: ({ gateways }) => gateways[0]!.configure(() => 'version: 1\nroute: []\n') },
  { at: 145, change: ({ orders }) => Object.assign(orders, { healthy: true, failing: 0 }) },
  { at: 150, change: ({ search }) => Object.assign(search, { delayMs: 900 }) },
  { at: 175, change: ({ search }) => Object.assign(search, { delayMs: 2, broken: 0.2 }) },
  { at: 182, change: ({ search }) => Object.assign(search, { broken: 0 }) },
  { at: 185, change: (world) => world.stopRedis() },
  { at: 205, change: (world) => world.startRedis() },
  { at: 230, change: ({ gateways }) => gateways[0]!.configure() },
];

/** Idle connections end soon, so every worker of a gateway gets requests, not only those with the first connections. */
const dispatcher = new Agent({ keepAliveTimeout: 10, keepAliveMaxTimeout: 10 });

/** Runs for `seconds`, with faults. `perSecond`: requests to all gateways together. */
export async function playTraffic(world: World, seconds: number, perSecond: number): Promise<void> {
  const left = [...faults];
  await sendTraffic(world, perSecond, async (passedS) => {
    while (left[0] !== undefined && left[0].at <= passedS) await left.shift()!.change(world);
    return passedS < seconds;
  });
}

/** Runs until `goesOn`, which is called about twenty times a second, returns false. */
export async function sendTraffic(
  world: World,
  perSecond: number,
  goesOn: (passedS: number) => boolean | Promise<boolean>,
): Promise<void> {
  const started = performance.now();
  const passed = () => (performance.now() - started) / 1000;
  let sent = 0;
  const open = new Set<Promise<unknown>>();
  while (await goesOn(passed())) {
    // The load rises and falls, as over a day.
    const rate = perSecond * (1 + 0.4 * Math.sin((passed() / 80) * 2 * Math.PI));
    for (let count = 0; count < rate / 20; count += 1) {
      const request = send(world, sent++).finally(() => open.delete(request));
      open.add(request);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await Promise.allSettled(open);
}

async function send(world: World, number: number): Promise<void> {
  const gateway = world.gateways[number % world.gateways.length]!;
  const origin = `http://127.0.0.1:${gateway.port}`;
  const { path, method = 'GET', bearer, of = origin } = requestOf(number, gateway.authorizer);
  const stolen = bearer?.startsWith('stolen-') ?? false;
  const client = stolen ? '203.0.113.9' : `198.51.100.${number % 250}`;
  const headers = { 'x-forwarded-for': client, ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }) };
  const text = method === 'POST' ? JSON.stringify({ note: 'x'.repeat(300) }) : null;
  try {
    await (await fetch(`${of}${path}`, { method, headers, body: text, dispatcher })).arrayBuffer();
    if (number % 400 === 0) await revoke(gateway.admin, `user-${number % 300}`);
  } catch {
    // A gateway may close a connection that is in use.
  }
}

interface Sent {
  readonly path: string;
  readonly method?: string;
  readonly bearer: string | null;
  /** Origin; if unset, the gateway's. */
  readonly of?: string;
}

/** Nine out of ten requests are allowed; the others contain an error. */
function requestOf(number: number, authorizer: number): Sent {
  const pick = Math.floor(Math.random() * 100);
  const user = `user-${Math.floor(Math.random() * 300)}`;
  if (pick < 50) return { path: `/orders/${number}`, bearer: user };
  if (pick < 60) return { path: '/tenants/acme/orders', bearer: user };
  if (pick < 72) return { path: '/search?q=chair', bearer: user };
  if (pick < 82) return { path: '/pages/about', bearer: null };
  if (pick < 85) return { path: '/pages/contact', method: 'POST', bearer: null };
  if (pick < 88) return { path: `/envoy/orders/${number}`, bearer: user, of: `http://127.0.0.1:${authorizer}` };
  if (pick < 91) return { path: `/orders/${number}`, method: 'DELETE', bearer: user };
  if (pick < 93) return { path: '/tenants/other/orders', bearer: user };
  if (pick < 95) return { path: '/old-search', bearer: user };
  if (pick < 97) return { path: `/orders/${number}`, bearer: `stolen-${number}` };
  if (pick < 98) return { path: `/orders/${number}`, bearer: null };
  if (pick < 99) return { path: '/wp-login.php', bearer: null };
  return { path: `/orders/${number}`, bearer: `limited-${number % 20}` };
}

async function revoke(admin: number, bearer: string): Promise<void> {
  await fetch(`http://127.0.0.1:${admin}/revocations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ bearer }),
  });
}
