/**
 * What Prometheus scrapes while alerts fire: three gateways, a standalone Auth API that sends mail, and an application.
 */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { createAuthorizer } from '../../../src/app/create-in-process.ts';
import { freePort } from '../../support/free-port.ts';
import { startMailServer } from '../../support/mail-server.ts';
import { type PrometheusOptions, startPrometheus } from '../../support/monitoring/prometheus.ts';
import { startWorld, type World } from '../../support/monitoring/world.ts';
import type { Processes } from '../../support/processes.ts';

export interface AlertWorld extends World {
  /** Origin of a second Prometheus, with the rules as operators get them and a scrape interval of 15 s. */
  readonly shipped: string;
  /** Of the mail server. */
  readonly mail: { refuses: boolean };
  /** Origin of the Auth API that sends mail. No gateway uses it at first. */
  readonly mailing: string;
  /** Origin of an application with Rolegate below a mount path, where it cannot decide. */
  readonly application: string;
  close(): Promise<void>;
}

export async function startAlertWorld(
  processes: Processes,
  folder: string,
  options: Omit<PrometheusOptions, 'others'>,
): Promise<AlertWorld> {
  const mail = { refuses: false };
  const mailServer = await startMailServer({
    judge: () => (mail.refuses ? { reply: 421, text: 'Service not available' } : null),
  });
  const mailing = await startMailing(processes, folder, mailServer.port);
  const application = await startApplication();
  const others = { 'auth-api': mailing.metrics, application: application.port };
  const world = await startWorld(processes, folder, { ...options, others });
  const apart = join(folder, 'shipped');
  mkdirSync(apart);
  const { program } = options;
  const shipped = await startPrometheus(processes, apart, world.gateways, { program, others, scrapeS: 15 });
  return {
    ...world,
    shipped,
    mail,
    mailing: `http://127.0.0.1:${mailing.port}`,
    application: `http://127.0.0.1:${application.port}`,
    close: async () => void (await Promise.all([mailServer.close(), application.close()])),
  };
}

async function startMailing(processes: Processes, folder: string, mailPort: number) {
  const [port, metrics] = [await freePort(), await freePort()];
  const file = join(folder, 'auth-api.yaml');
  writeFileSync(
    file,
    `listen: "127.0.0.1:${port}"
metrics: "127.0.0.1:${metrics}"
database: ":memory:"
secret: "a secret of the Auth API, for these tests alone"
gatewaySecret: "the-secret-that-gateways-share-with-the-auth-api"
selfRegistration: true
mail: { smtp: "smtp://localhost:${mailPort}", from: "Example Service <no-reply@example.test>" }
`,
  );
  await processes.rolegate('auth-api', file, port, join(folder, 'auth-api.log'));
  return { port, metrics };
}

async function startApplication() {
  const config = {
    version: 1,
    authApi: { url: 'http://127.0.0.1:9' },
    roles: { user: {} },
    routes: [{ id: 'all', match: { path: '/**' }, access: 'public' }],
  };
  const authorizer = createAuthorizer(config, { env: {}, logTo: { write: () => {} } });
  const application = express();
  application.get('/metrics', async (_, response) => {
    response.type('text/plain').send(await authorizer.metrics());
  });
  application.use('/api', authorizer.express());
  const server = application.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
      await authorizer.close();
    },
  };
}
