/** `rolegate proxy-config`: prints the configuration of another proxy that checks with this gateway, or checks an existing one. */
import { readFileSync } from 'node:fs';
import type { DialectName } from '../authorizer/dialect.ts';
import { CommandError, ExitCode } from './exit-code.ts';
import { readPackaged } from './packaged-file.ts';
import { caddyConfig } from './proxy-config/caddy.ts';
import { checkNginx } from './proxy-config/check/check-nginx.ts';
import { type Finding, findingKinds, UnreadableFileError } from './proxy-config/check/finding.ts';
import { envoyConfig } from './proxy-config/envoy.ts';
import { haproxyConfig } from './proxy-config/haproxy.ts';
import { envoyGatewayConfig, gatewayApiConfig, istioConfig } from './proxy-config/kubernetes.ts';
import { nginxConfig } from './proxy-config/nginx.ts';
import type { ProductName } from './proxy-config/products.ts';
import { type PlaceOptions, type ProxySettings, proxySettings } from './proxy-config/proxy-settings.ts';
import { traefikConfig } from './proxy-config/traefik.ts';
import { readConfig } from './read-config.ts';

export interface ProxyConfigOptions extends PlaceOptions {
  readonly config: string;
  /** Print the script for HAProxy. */
  readonly script?: boolean;
  /** An existing configuration to check. */
  readonly check?: string;
}

interface Product {
  readonly dialect: DialectName;
  print(settings: ProxySettings): string;
}

const products: Readonly<Record<ProductName, Product>> = {
  nginx: { dialect: 'nginx', print: nginxConfig },
  caddy: { dialect: 'caddy', print: caddyConfig },
  haproxy: { dialect: 'haproxy', print: haproxyConfig },
  traefik: { dialect: 'traefik', print: traefikConfig },
  envoy: { dialect: 'envoy', print: envoyConfig },
  istio: { dialect: 'envoy', print: istioConfig },
  'envoy-gateway': { dialect: 'envoy', print: envoyGatewayConfig },
  'gateway-api': { dialect: 'gateway-api', print: gatewayApiConfig },
};

export function proxyConfig(name: ProductName, options: ProxyConfigOptions): ExitCode {
  if (name === 'haproxy' && options.script === true) {
    process.stdout.write(readPackaged('config/haproxy/rolegate.lua'));
    return ExitCode.fine;
  }
  const { dialect, print } = products[name];
  if (options.grpc === true && dialect !== 'envoy')
    throw new CommandError('rolegate: --grpc is for envoy, istio and envoy-gateway', ExitCode.usage);
  const settings = proxySettings(readConfig(options.config), dialect, options);
  if (options.check === undefined) {
    process.stdout.write(print(settings));
    return ExitCode.fine;
  }
  if (name !== 'nginx')
    throw new CommandError(
      'rolegate: --check reads configurations of nginx; rolegate prove tests every proxy from outside',
      ExitCode.usage,
    );
  return report(options.check, findIn(options.check, settings));
}

/** In the order of the file. */
function findIn(file: string, settings: ProxySettings): readonly Finding[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new CommandError(`rolegate: ${file} cannot be read`);
  }
  try {
    return checkNginx(text, settings).toSorted((a, b) => a.line - b.line);
  } catch (error) {
    if (error instanceof UnreadableFileError) throw new CommandError(`rolegate: ${file}: ${error.message}`);
    throw error;
  }
}

function report(file: string, findings: readonly Finding[]): ExitCode {
  for (const { code, line, subject } of findings) {
    const [harm, advice] = findingKinds[code];
    const about = subject === '' ? '' : ` (${subject})`;
    process.stdout.write(`${file}:${line}: ${code}: ${harm}${about}\n  ${advice}\n`);
  }
  if (findings.length === 0) process.stdout.write(`${file}: nothing bypasses the check\n`);
  return findings.length === 0 ? ExitCode.fine : ExitCode.different;
}
