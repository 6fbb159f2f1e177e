/** Commands about the proxies in front: generating their configuration, and testing it. */
import { Argument, type Command, Option } from 'commander';
import { collect } from './option-kinds.ts';
import { downParts } from './prove/down-parts.ts';
import type { ProveOptions } from './prove.ts';
import { type ProductName, productNames } from './proxy-config/products.ts';
import type { ProxyConfigOptions } from './proxy-config.ts';

type Done = (code: number) => void;

export function addProxyCommands(program: Command, done: Done, configOption: () => Option): void {
  addProxyConfig(program, done, configOption);
  addProve(program, done, configOption);
  program
    .command('echo')
    .description('run a service that returns what it receives as JSON, for "prove --echo"; stop it with Ctrl-C')
    .option('--listen <address>', 'address to listen on', '127.0.0.1:3000')
    .action(async (options: { listen: string }) => done(await (await import('./echo.ts')).echo(options)));
}

function addProxyConfig(program: Command, done: Done, configOption: () => Option): void {
  program
    .command('proxy-config')
    .description('print the configuration of another proxy that checks each request with Rolegate')
    .addArgument(new Argument('<product>', 'name of the proxy').choices(productNames))
    .addOption(configOption())
    .option('--service <url>', 'the service behind it (default: the first target under "upstreams")')
    .option('--listen <address>', 'address for clients', ':8000')
    .option('--authorizer <address>', 'address of Rolegate (default: from the configuration)')
    .option(
      '--grpc',
      'for envoy, istio and envoy-gateway: check over gRPC (default: if no path is configured for envoy)',
    )
    .option(
      '--check <file>',
      'report what bypasses the check in a configuration of nginx, and what is not read. Exits with 3 if there is any',
    )
    .option('--script', 'for haproxy: print the script that the configuration loads')
    .action(async (product: ProductName, options: ProxyConfigOptions) =>
      done((await import('./proxy-config.ts')).proxyConfig(product, options)),
    );
}

function addProve(program: Command, done: Done, configOption: () => Option): void {
  program
    .command('prove')
    .description(
      'test a running installation through its proxy, and report what it allows against the rules. Exits with 1 on any finding',
    )
    .argument('<url>', 'URL for clients, such as https://api.example.test')
    .addOption(configOption())
    .addOption(
      new Option(
        '--credential <lines>',
        'header lines of a valid credential, such as "Authorization: Bearer ..."; never printed',
      ).env('ROLEGATE_CREDENTIAL'),
    )
    .option('--roles <names>', 'roles of its owner, separated by commas')
    .option('--groups <names>', 'groups of its owner, separated by commas')
    .option('--user <id>', 'user id of its owner')
    .option('--claims <json>', "the owner's claims, as in a token or in the JSON of a source, instead of these three")
    .option('--source <name>', 'source of the claims (default: the only one)')
    .option(
      '--as <identity>',
      'an identity from tests.identities with a further credential, which ROLEGATE_CREDENTIAL_<IDENTITY> contains; may be repeated',
      collect,
      [],
    )
    .option('--client <address>', 'address of this machine, for conditions on the client address')
    .option('--resolve <host:port:address>', 'connect to this address for the host and port of the URL, as curl does')
    .option('--unsafe', 'also send state-changing methods where the rules refuse them')
    .addOption(
      new Option(
        '--outage-of <part>',
        'only run the checks for an outage; stop the part first. auth-api: what needs it must return 503. authorizer, which is Rolegate itself: a proxy that then allows requests without it is found',
      ).choices(downParts),
    )
    .addOption(
      new Option(
        '--echo <url>',
        'URL of an echo service, such as "rolegate echo", which you put behind the proxy: also compare what it receives with what was judged',
      ).conflicts('outageOf'),
    )
    .option('--timeout <duration>', 'end after this time, and report which requests were not sent', '5m')
    .option('--json', 'print JSON')
    .action(async (url: string, options: ProveOptions) => done(await (await import('./prove.ts')).prove(url, options)));
}
