/** `rolegate proxy-config`: prints the configuration of another proxy that asks this gateway, or checks one that exists. */
import type { DialectName } from '../authorizer/dialect.ts';
import { ExitCode } from './exit-code.ts';
import { readPackaged } from './packaged-file.ts';
import { caddyConfig } from './proxy-config/caddy.ts';
import { haproxyConfig } from './proxy-config/haproxy.ts';
import { nginxConfig } from './proxy-config/nginx.ts';
import type { ProductName } from './proxy-config/products.ts';
import { type PlaceOptions, type ProxySettings, proxySettings } from './proxy-config/proxy-settings.ts';
import { readConfig } from './read-config.ts';

export interface ProxyConfigOptions extends PlaceOptions {
  readonly config: string;
  /** Print the script for HAProxy. */
  readonly script?: boolean;
}

interface Product {
  readonly dialect: DialectName;
  print(settings: ProxySettings): string;
}

const products: Readonly<Record<ProductName, Product>> = {
  nginx: { dialect: 'nginx', print: nginxConfig },
  caddy: { dialect: 'caddy', print: caddyConfig },
  haproxy: { dialect: 'haproxy', print: haproxyConfig },
};

export function proxyConfig(name: ProductName, options: ProxyConfigOptions): ExitCode {
  if (name === 'haproxy' && options.script === true) {
    process.stdout.write(readPackaged('config/haproxy/rolegate.lua'));
    return ExitCode.fine;
  }
  const { dialect, print } = products[name];
  process.stdout.write(print(proxySettings(readConfig(options.config), dialect, options)));
  return ExitCode.fine;
}
