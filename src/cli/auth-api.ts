/** `rolegate auth-api`: the Auth API alone, from its own file, until a signal ends it. */
import { hostname } from 'node:os';
import { openAuthApiTls } from '../app/auth-api-tls.ts';
import { untilSignal } from '../app/lifecycle.ts';
import { ListenError, listenOn } from '../app/listen-error.ts';
import { createAuthApi } from '../auth-api/create-auth-api.ts';
import { ServedElsewhereError } from '../auth-api/store/store-errors.ts';
import { connectRedis } from '../redis/connect-redis.ts';
import { standardOutput } from '../telemetry/log/log-output.ts';
import { createLogger } from '../telemetry/log/logger.ts';
import { createLoneAuthApiMetrics, createLoneRegistry } from '../telemetry/metrics/auth-api-metrics.ts';
import { createTracing } from '../telemetry/tracing/create-tracing.ts';
import { CommandError, type ExitCode } from './exit-code.ts';
import { readAuthApiRecorded } from './read-config.ts';
import { version } from './version.ts';

export async function authApi(options: { config: string }): Promise<ExitCode> {
  const readAtMs = Date.now();
  const { config, watched } = readAuthApiRecorded(options.config);
  const { listen, metrics: metricsAt, settings, clientsUnknown, trustEveryPeer } = config;
  const { registry, logEvents } = createLoneRegistry(version);
  const output = standardOutput(logEvents);
  const log = createLogger('info', output, { instance: hostname() });
  const metrics = createLoneAuthApiMetrics(registry, log);
  const tracing = createTracing({ version, events: metrics.spanEvents, log });
  tracing.use(config.tracing);
  await tracing.ready();
  const api = await createAuthApi({
    settings,
    log,
    connectRedis,
    traceRequest: tracing.traceAuthApi,
    onForwardedIgnored: metrics.onForwardedIgnored,
    onMail: metrics.onMail,
    metrics: metrics.page,
  });
  metrics.watchMail(api.mailState);
  const tls = openAuthApiTls({ file: options.config, config, watched, readAtMs, log, opened: metrics.watchTls });
  try {
    const address = await listenOn('listen', listen, () => api.listen(listen, tls.listen));
    const scraped =
      metricsAt === null ? null : await listenOn('metrics', metricsAt, () => api.listenMetrics(metricsAt, tls.metrics));
    if (clientsUnknown) {
      log.warn(
        {},
        'all clients behind a gateway share one budget: set gatewaySecret here and authApi.gatewaySecret there',
      );
    }
    if (trustEveryPeer) log.warn({}, 'X-Forwarded-For of every peer is trusted (trustEveryPeer)');
    log.info({ listen: address, metrics: scraped }, 'Auth API started');
  } catch (error) {
    tls.close();
    await api.close();
    await tracing.close();
    output.close();
    const expected = error instanceof ListenError || error instanceof ServedElsewhereError;
    throw expected ? new CommandError(error.message) : error;
  }
  const close = async () => {
    tls.close();
    await api.close();
    await tracing.close();
  };
  const code = await untilSignal({ close, ...(tls.reload === null ? {} : { reload: tls.reload }) });
  await output.settle();
  output.close();
  return code as ExitCode;
}
